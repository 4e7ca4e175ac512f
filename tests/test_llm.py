"""The chat client: every kind of reply, every kind of failure, and a key that shows up nowhere."""

import contextlib
import copy
import dataclasses
import json
import logging
import pickle
import re
import socket
import threading
import time
import tomllib
import traceback
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai
import pytest

from aigc_course import course, endpoints, i18n, llm, serve, tool_use, tools
from aigc_course.endpoints import Endpoint, Usage, cost, find
from aigc_course.errors import CourseError

KEY = "f4k3-f4k3f4k3f4k3SECRET"
STORY = "Tom has 7 apples and buys 5 more. How many apples does Tom have now?"


# --- a server that does what it is told --------------------------------------------------------------------------


class Scripted(ThreadingHTTPServer):
    """Answers each request with the next of `answers` (the last one for ever): (status, body, headers), or a function
    that gets the handler. `heard` holds (path, headers, body) of each request."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.heard = [], []

    def handle_error(self, *_):
        pass  # a client that hangs up, as some tests do


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.heard.append(
            (self.path, {name.lower(): value for name, value in self.headers.items()}, json.loads(body or b"{}"))
        )
        answers = self.server.answers
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if callable(answer):
            return answer(self)
        status, content, *headers = answer
        self.send_response(status)
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        for name, value in (headers[0] if headers else {"Content-Type": "application/json"}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    with Scripted() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def place(server, monkeypatch) -> Endpoint:
    """An endpoint with a key and prices, answered by `server`."""
    monkeypatch.setenv("AIGC_TEST_KEY", KEY)
    prices = {"currency": "USD", "small": {"prompt": 1.0, "cached": 0.1, "written": 2.0}}
    url = f"http://127.0.0.1:{server.server_port}/v1"
    return Endpoint("cloud", url, ("small", "large"), "AIGC_TEST_KEY", prices=prices)


def message(**fields) -> dict:
    choice = {"index": 0, "message": {"role": "assistant", "content": ""} | fields, "finish_reason": "stop"}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return {"id": "1", "object": "chat.completion", "created": 1, "model": "x", "choices": [choice], "usage": usage}


def events(*deltas: dict, finish: str | None = "stop", done: bool = True, usage: dict | None = None) -> tuple:
    """A stream of server-sent events with these deltas."""
    head = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "x"}
    choices = [[{"index": 0, "delta": delta, "finish_reason": None}] for delta in deltas]
    choices += [[{"index": 0, "delta": {}, "finish_reason": finish}]] if finish else []
    chunks = [head | {"choices": one} for one in choices] + ([head | {"choices": [], "usage": usage}] if usage else [])
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks] + ["data: [DONE]\n\n"] * done
    return 200, "".join(lines).encode(), {"Content-Type": "text/event-stream"}


def ask(place: Endpoint, streamed: bool = False, **settings) -> llm.Reply:
    settings = {"retries": 0} | settings
    return llm.stream("Hi", place, **settings).reply if streamed else llm.chat("Hi", place, **settings)


# --- what is sent ------------------------------------------------------------------------------------------------


def test_a_call_says_what_it_was_told_and_no_more(server, place):
    server.answers = [(200, message(content="Hello."))]
    reply = llm.chat("Hi", place)
    path, headers, body = server.heard[0]
    assert (path, headers["authorization"]) == ("/v1/chat/completions", f"Bearer {KEY}")
    assert body == {"model": "small", "messages": [{"role": "user", "content": "Hi"}]}
    assert str(reply) == reply.text == "Hello."
    turns = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}, reply.message]
    llm.chat(turns, place, "large", temperature=0, top_p=0.9, max_tokens=7, stop=["."], seed=3)
    assert server.heard[1][2] == {
        **{"model": "large", "messages": turns, "temperature": 0},
        **{"top_p": 0.9, "max_tokens": 7, "stop": ["."], "seed": 3},
    }


def test_the_readers_other_accounts_are_not_mentioned(server, place, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-mine")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-account")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    server.answers = [(200, message(content="Hello."))]
    llm.chat("Hi", place)
    llm.chat("Hi", dataclasses.replace(place, key=None))
    assert "mine" not in str(server.heard) and "another" not in str(server.heard)
    assert server.heard[1][1]["authorization"] == "Bearer none"


@pytest.mark.parametrize("name", [name for name, place in endpoints.endpoints().items() if place.thinking])
@pytest.mark.parametrize("think", [True, False])
def test_thinking_is_switched_in_each_endpoints_own_words(server, place, name, think):
    server.answers = [(200, message(content="Hello."))]
    switch = find(name).thinking
    llm.chat("Hi", dataclasses.replace(place, thinking=switch), think=think)
    sent = server.heard[0][2]
    said = switch["on" if think else "off"]
    assert said == {field: sent[field] for field in sent.keys() - {"model", "messages"}}


def test_models_are_those_that_the_server_names(server, place):
    server.answers = [(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in ("b", "a")]})]
    assert llm.models(place) == ["b", "a"]


@pytest.mark.parametrize("wrong", [[], [{}], ["Hi"], [{"content": "Hi"}]])
def test_what_is_no_conversation_is_not_sent(place, wrong):
    with pytest.raises(CourseError, match="list of messages"):
        llm.chat(wrong, place)


def test_an_unknown_endpoint_or_switch():
    with pytest.raises(CourseError, match="local, deepseek"):
        llm.chat("Hi", "deepsek")
    with pytest.raises(CourseError, match="no switch"):
        llm.chat("Hi", Endpoint("x", "http://127.0.0.1:9/v1"), think=True)


# --- what comes back ---------------------------------------------------------------------------------------------

SHAPES = {
    "DeepSeek": {"reasoning_content": "7+5", "content": "12"},
    "vLLM and Ollama": {"reasoning": "7+5", "content": "12"},
    "tags": {"content": "<think>\n7+5\n</think>\n\n12"},
    "the prompt opened the tag": {"content": "7+5\n</think>\n\n12"},
    "both fields": {"reasoning": "7+5", "reasoning_content": "7+5", "content": "12"},
    "a field that is empty": {"reasoning_content": "", "content": "<think>7+5</think>12"},
    "a field that is null": {"reasoning_content": None, "content": "<think>7+5</think>12"},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("streamed", [False, True])
def test_the_thinking_is_found_wherever_it_is(server, place, shape, streamed):
    if streamed:
        deltas = [{field: value[i : i + 3]} for field, value in SHAPES[shape].items() if value for i in range(0, 99, 3)]
        server.answers = [events({"role": "assistant"}, *deltas)]
        if shape == "both fields":  # each piece says it twice
            fields = SHAPES[shape]
            server.answers = [events({k: v for k, v in fields.items() if k != "content"}, {"content": "12"})]
    else:
        server.answers = [(200, message(**SHAPES[shape]))]
    reply = ask(place, streamed)
    assert (reply.thinking, reply.text, reply.finish) == ("7+5", "12", "stop")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", ("", "12")),
        ("", ("", "")),
        ("<think>7+5", ("7+5", "")),
        ("<think></think>12", ("", "12")),
        ("  <think>a</think>b</think>c", ("a", "b</think>c")),
        ("1 < 2 <think>", ("", "1 < 2 <think>")),
        ("<thinking>", ("", "<thinking>")),
        ("<th", ("", "<th")),
    ],
)
def test_pieces_add_up_however_a_text_is_cut(server, place, text, expected):
    assert llm.split_thinking(text) == expected
    for size in (1, 2, 3, 5, 50):
        server.answers = [events(*({"content": text[i : i + size]} for i in range(0, len(text), size)))]
        stream = llm.stream("Hi", place)
        pieces = list(stream)
        assert ("".join(p.thinking for p in pieces), "".join(p.text for p in pieces)) == expected
        assert all(any(piece) for piece in pieces)
        assert (stream.reply.thinking, stream.reply.text) == expected


def test_a_stream_gives_pieces_while_they_come_and_can_be_hung_up(server, place):
    go = threading.Event()
    gone = threading.Event()

    def slowly(handler):
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.end_headers()
        handler.wfile.write(events({"content": "a"}, finish=None, done=False)[1])
        assert go.wait(10)
        try:
            for _ in range(1000):
                handler.wfile.write(events({"content": "b"}, finish=None, done=False)[1])
                time.sleep(0.01)
        except OSError:
            gone.set()

    server.answers = [slowly]
    stream = llm.stream("Hi", place)
    pieces = iter(stream)
    assert next(pieces) == ("", "a")
    go.set()
    assert next(pieces) == ("", "b")
    stream.close()
    assert gone.wait(10)


def test_comments_and_empty_chunks_keep_a_stream_alive(server, place):
    status, data, headers = events({"content": "a"}, {"content": ""}, {"content": None}, {"content": "b"})
    server.answers = [(status, b": keep-alive\n\n" * 3 + data, headers)]
    stream = llm.stream("Hi", place)
    assert [piece.text for piece in stream] == ["a", "b"]
    assert stream.reply.text == "ab"
    assert list(stream) == []
    assert stream.reply.first <= stream.reply.seconds


# --- calls of tools ----------------------------------------------------------------------------------------------


def call(index: int | None, id: str | None, name: str | None, arguments) -> dict:
    """A call in a message (index None), or a delta of one."""
    part = {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
    return part if index is None else {"index": index} | part


SUM, DAY = '{"expression": "1+1"}', '{"date": "2026-11-26"}'
BOTH = [("a", "calculator", {"expression": "1+1"}), ("b", "calendar", {"date": "2026-11-26"})]
CALLS = {
    # how an endpoint sends calls → (deltas' tool_calls, or a list of one message's, what they are)
    "OpenAI, DeepSeek, vLLM": (
        [
            [call(0, "a", "calculator", "")],
            *([call(0, None, None, SUM[i : i + 5])] for i in range(0, len(SUM), 5)),
            [call(1, "b", "calendar", "")],
            [call(1, None, None, DAY)],
        ],
        BOTH,
    ),
    "between each other": (
        [
            [call(0, "a", "calculator", SUM[:9]), call(1, "b", "calendar", DAY[:4])],
            [call(1, "", "", DAY[4:]), call(0, "", "", SUM[9:])],
        ],
        BOTH,
    ),
    "id and name in each delta": (
        [[call(0, "a", "calculator", part)] for part in (SUM[:7], SUM[7:])] + [[call(1, "b", "calendar", DAY)]],
        BOTH,
    ),
    "Ollama, each with index 0": ([[call(0, "a", "calculator", SUM)], [call(0, "b", "calendar", DAY)]], BOTH),
    "no index": ([[call(None, "a", "calculator", SUM)], [call(None, "b", "calendar", DAY)]], BOTH),
    "an object, and no id": ([[call(0, None, "f", {"a": 1})]], [("call_0", "f", {"a": 1})]),
    "no arguments": ([[call(0, "a", "f", None), call(1, "b", "f", "")]], [("a", "f", {}), ("b", "f", {})]),
    "cut off": ([[call(0, "a", "f", '{"expression": "1+')]], [("a", "f", None)]),
    "no object": ([[call(0, "a", "f", "[1]"), call(1, "b", "f", '{"a": NaN}')]], [("a", "f", None), ("b", "f", None)]),
}


@pytest.mark.parametrize("shape", CALLS)
def test_calls_are_found_however_they_come(server, place, shape):
    deltas, expected = CALLS[shape]
    server.answers = [events({"content": "So. "}, *({"tool_calls": one} for one in deltas), finish="tool_calls")]
    replies = [ask(place, streamed=True)]
    if len({one["id"] for part in deltas for one in part}) == sum(map(len, deltas)):  # whole calls: a message's as well
        server.answers = [(200, message(content="So. ", tool_calls=[one for part in deltas for one in part]))]
        replies.append(ask(place))
    for reply in replies:
        assert reply.text == "So. "
        assert [(one.id, one.name, one.arguments) for one in reply.tool_calls] == expected


def test_a_conversation_with_tools(server, place):
    """The thinking goes back, as DeepSeek wants it; what is no JSON does not, and is a result for the model."""
    schemas = [tool.schema for tool in tools.TOOLS]
    turns = [{"role": "user", "content": "1+1? And what day is it?"}]
    server.answers = [
        (200, message(content=None, reasoning_content="", tool_calls=[call(None, "a", "calculator", SUM)]))
    ]
    reply = llm.chat(turns, place, tools=schemas, tool_choice="auto")
    sent = server.heard[0][2]
    assert (sent["tools"], sent["tool_choice"]) == (schemas, "auto")
    [first] = reply.tool_calls
    step = tool_use.run(first.written, tools.TOOLS)
    assert step.result == {"result": 2}
    turns += [reply.message, first.answer(tool_use.response(step.result))]
    server.answers = [
        (200, message(content="Well.", reasoning="Hm.", tool_calls=[call(None, "b", "calendar", '{"date')]))
    ]
    reply = llm.chat(turns, place, tools=schemas)
    [second] = reply.tool_calls
    step = tool_use.run(second.written, tools.TOOLS)
    assert "not JSON" in step.result["error"]
    turns += [reply.message, second.answer(tool_use.response(step.result))]
    server.answers = [(200, message(content="2.", reasoning="…"))]
    assert llm.chat(turns, place).message == {"role": "assistant", "content": "2."}, "without tools it need not"
    assert server.heard[2][2]["messages"][1:] == [
        {
            "role": "assistant",
            "content": "",
            "reasoning_content": "",
            "tool_calls": [call(None, "a", "calculator", SUM)],
        },
        {"role": "tool", "tool_call_id": "a", "content": '{"result": 2}'},
        {
            "role": "assistant",
            "content": "Well.",
            "reasoning": "Hm.",
            "tool_calls": [call(None, "b", "calendar", "{}")],
        },
        {"role": "tool", "tool_call_id": "b", "content": tool_use.response(step.result)},
    ]
    assert "tools" not in server.heard[2][2]
    llm.chat("Hi", place, tools=[])
    assert "tools" not in server.heard[3][2]


@pytest.mark.parametrize("wrong", [["calculator"], [{}], [{"type": "function", "function": {}}], list(tools.TOOLS)])
def test_what_is_no_tool_is_not_sent(place, wrong):
    with pytest.raises(CourseError, match="list of descriptions"):
        llm.chat("Hi", place, tools=wrong)


# --- what it costs -----------------------------------------------------------------------------------------------

USAGES = [
    ({}, Usage(1000, 0, 200), 1.4e-3),
    ({"prompt_cache_hit_tokens": 600, "prompt_cache_miss_tokens": 400}, Usage(1000, 600, 200), 0.86e-3),
    ({"prompt_tokens_details": {"cached_tokens": 600}}, Usage(1000, 600, 200), 0.86e-3),
    ({"prompt_tokens_details": None, "completion_tokens_details": None}, Usage(1000, 0, 200), 1.4e-3),
    ({"completion_tokens_details": {"reasoning_tokens": 150}}, Usage(1000, 0, 200, 150), 1.4e-3),
]


@pytest.mark.parametrize(("more", "usage", "price"), USAGES)
@pytest.mark.parametrize("streamed", [False, True])
def test_tokens_are_counted_and_priced(server, place, more, usage, price, streamed):
    counted = {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200} | more
    whole = message(content="Hi") | {"usage": counted}
    server.answers = [events({"content": "Hi"}, usage=counted) if streamed else (200, whole)]
    reply = ask(place, streamed)
    assert reply.usage == usage
    assert reply.cost == pytest.approx(price, rel=1e-12)
    assert reply.currency == "USD"
    if streamed:
        assert server.heard[0][2]["stream_options"] == {"include_usage": True}
    else:
        assert ask(place, model="large").cost is None, "no price, no cost"


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None, "completion_tokens": 3, "total_tokens": 3}])
def test_without_a_count_there_is_no_cost(server, place, usage):
    server.answers = [(200, message(content="Hi") | {"usage": usage})]
    reply = ask(place)
    assert (reply.text, reply.usage, reply.cost) == ("Hi", None, None)


@pytest.mark.parametrize(
    ("when", "factor"),
    [
        (datetime(2026, 11, 25, 0, 59, tzinfo=UTC), 1),  # a Wednesday
        (datetime(2026, 11, 25, 1, 0, tzinfo=UTC), 2),
        (datetime(2026, 11, 25, 3, 59, tzinfo=UTC), 2),
        (datetime(2026, 11, 25, 4, 0, tzinfo=UTC), 1),
        (datetime(2026, 11, 25, 9, 30, tzinfo=UTC), 2),
        (datetime(2026, 11, 25, 10, 0, tzinfo=UTC), 1),
        (datetime(2026, 11, 28, 2, 0, tzinfo=UTC), 1),  # a Saturday
        (datetime.fromisoformat("2026-11-25T17:59+08:00"), 2),  # before six in the evening in Beijing
        (datetime.fromisoformat("2026-11-25T18:00+08:00"), 1),
    ],
)
def test_busy_hours_cost_more(when, factor):
    prices = {"currency": "USD", "peak": {"factor": 2, "hours": [[1, 4], [6, 10]]}}
    prices |= {"small": {"prompt": 1, "cached": 0, "written": 3}}
    place = Endpoint("x", "http://127.0.0.1:9", prices=prices)
    assert cost(place, "small", Usage(2_000_000, 0, 1_000_000), when) == 5 * factor


def test_ones_own_computer_sends_no_bill():
    assert cost(find("local"), "reasoner", None) == 0


# --- the table of endpoints --------------------------------------------------------------------------------------


def test_every_endpoint_is_complete_and_names_a_variable_and_no_key():
    for name, place in endpoints.endpoints().items():
        assert place.models and re.match(r"https?://[^@]+$", place.base_url), name
        assert place.key is None or re.fullmatch("[A-Z_]+_API_KEY", place.key), name
        assert place.own == place.free == (place.key is None), name
        assert place.about_zh and place.about_en, name
        if not place.free:
            assert set(place.models) <= place.prices.keys()
            assert re.fullmatch(r"https://\S+", place.prices["source"])
            assert re.fullmatch(r"\d{4}-\d\d", place.prices["date"])


def test_model_ids_stand_in_configuration_only():
    ids = {model for place in endpoints.endpoints().values() if place.name != "local" for model in place.models}
    roles = (course.root() / "course.toml").read_text()
    package = course.root() / "aigc_course"
    for path in [*package.rglob("*.py"), *(course.root() / "notebooks" / "src").glob("*.md")]:
        text = path.read_text(encoding="utf-8")
        assert not [model for model in ids if model in text and model not in roles], path


# --- what goes wrong ---------------------------------------------------------------------------------------------

SSE = {"Content-Type": "text/event-stream"}


def cut_off(handler):
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(events({"content": "Hel"}, finish=None, done=False)[1])


def error_inside(handler):
    said = json.dumps({"error": {"message": f"lost {KEY}"}})
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.end_headers()
    handler.wfile.write(events({"content": "Hel"}, finish=None, done=False)[1] + f"data: {said}\n\n".encode())


def hang_up(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)


def sleep(handler):
    time.sleep(1)


def failed(status: int, said: str, **more) -> tuple:
    return status, {"error": {"message": said, "type": "x", "param": None, "code": None} | more}


HTML = {"Content-Type": "text/html"}
FAILURES = {
    # what the server does → (its answer, what the sentence says in English)
    "wrong key": (failed(401, f"Incorrect API key provided: {KEY}."), "does not accept the key.*AIGC_TEST_KEY"),
    "forbidden": (failed(403, f"{KEY} may not"), "does not accept the key"),
    "empty account": (failed(402, "Insufficient Balance"), "top it up"),
    "no such model": (failed(404, "The model `small` does not exist"), r"no model 'small'.*llm.models\(\"cloud\"\)"),
    "DeepSeek's no such model": (failed(400, "Model Not Exist"), "no model 'small'"),
    "bad request": (
        failed(400, f"temperature is too high for {KEY} and sk-0therSECRET"),
        "refused the request.*temperature is too high",
    ),
    "unprocessable": (failed(422, "messages: field required"), "refused the request.*field required"),
    "only a text": ((400, b"no", {"Content-Type": "text/plain"}), "refused the request"),
    "too many": (failed(429, f"Rate limit reached for {KEY}"), "too many requests"),
    "server trouble": (failed(500, "oops"), "has a problem.*500.*oops"),
    "a proxy's page": ((503, b"<html><body>Sorry,<br>overloaded</body></html>", HTML), "503.*Sorry, overloaded"),
    "a page, and all is well": ((200, b"<html>Log in to the hotel's network</html>", HTML), "makes no sense"),
    "not JSON": ((200, b'{"id": ', {"Content-Type": "application/json"}), "makes no sense"),
    "something else": ((200, {"hello": "world"}), "makes no sense"),
    "no choices": ((200, message() | {"choices": []}), "makes no sense"),
    "choices null": ((200, message() | {"choices": None}), "makes no sense"),
    "no message": ((200, message() | {"choices": [{"index": 0, "finish_reason": "stop"}]}), "makes no sense"),
    "content of another kind": ((200, message(content={"a": 1})), "makes no sense"),
    "a call without a name": ((200, message(tool_calls=[call(None, "a", None, "{}")])), "makes no sense"),
    "calls of another kind": ((200, message(tool_calls=["calculator"])), "makes no sense"),
    "hangs up": (hang_up, "no server at|cannot be reached"),
    "silent": (sleep, "no sign of life for 0.2 seconds, 1 times"),
}
STREAM_FAILURES = {
    "error inside": (error_inside, "failed while writing.*lost"),
    "cut off": (cut_off, "no server at|cannot be reached|makes no sense"),
    "no end": (events({"content": "Hel"}, finish=None), "broke off"),
    "nothing": ((200, b"", SSE), "broke off"),
    "rubbish": ((200, b"data: {not json\n\n", SSE), "makes no sense"),
    "strange chunks": ((200, b'data: {"choices": [{"delta": null}]}\n\n', SSE), "makes no sense"),
    "a list": ((200, b"data: [1, 2]\n\n", SSE), "makes no sense|broke off"),
}
ALL = [(name, False) for name in FAILURES] + [(name, True) for name in (*FAILURES, *STREAM_FAILURES)]


def anywhere(error: BaseException) -> str:
    """All that a person, a log or a notebook could see of an error: its causes, the variables in their frames."""
    chain, at = [], error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or at.__context__
    seen = [repr(vars(one)) + repr(one) + str(one) + repr(one.args) for one in chain]
    for one in chain:
        one.__traceback__ = one.__traceback__ and one.__traceback__.tb_next  # not the test's own variables
    for how in (False, True):
        seen += traceback.TracebackException.from_exception(error, capture_locals=how).format()
    seen += getattr(error, "_render_traceback_", list)()
    with contextlib.suppress(TypeError):  # the library's own errors cannot be pickled
        seen += [repr(pickle.dumps(error)), repr(copy.copy(error))]
    return "\n".join(seen)


@pytest.mark.parametrize(("name", "streamed"), ALL)
def test_a_failure_is_one_sentence_without_the_key(server, place, name, streamed, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    for library in ("openai", "httpx", "httpx2", "httpcore", "httpcore2"):
        caplog.set_level(logging.DEBUG, library)
    answer, words = (FAILURES | STREAM_FAILURES)[name]
    if streamed and name in FAILURES and not callable(answer) and answer[0] == 200:
        words = "makes no sense|broke off"
    server.answers = [answer]
    with pytest.raises(CourseError, match=words) as caught:
        ask(place, streamed, timeout=0.2 if name == "silent" else 10)
    error = caught.value
    assert server.heard[0][1]["authorization"] == f"Bearer {KEY}"
    assert (error.__cause__, error.__context__) == (None, None)
    for sentence, end in ((error.zh, "。"), (error.en, ".")):
        assert sentence.endswith(end) and "\n" not in sentence and len(sentence) < 600
    spilled = anywhere(error) + caplog.text + "".join(capfd.readouterr())
    assert KEY not in spilled and "SECRET" not in spilled


def test_the_search_for_the_key_finds_one(server, place):
    """The library's own error does hold it."""
    with (
        pytest.raises(openai.AuthenticationError) as caught,
        openai.OpenAI(api_key=KEY, base_url=place.base_url) as client,
    ):
        server.answers = [failed(401, f"Incorrect API key provided: {KEY}.")]
        client.chat.completions.create(model="x", messages=[])
    assert KEY in anywhere(caught.value)


@pytest.mark.parametrize("streamed", [False, True])
def test_what_may_pass_is_tried_again(server, place, streamed):
    soon = {"Content-Type": "application/json", "retry-after-ms": "5"}
    good = events({"content": "Hi"}) if streamed else (200, message(content="Hi"))
    server.answers = [(429, failed(429, "slow down")[1], soon), (503, b"{}", soon), good]
    assert ask(place, streamed, retries=2).text == "Hi"
    assert len(server.heard) == 3
    server.answers = [(429, failed(429, "slow down")[1], soon)]
    with pytest.raises(CourseError, match="too many requests"):
        ask(place, streamed, retries=1)
    assert len(server.heard) == 5
    server.answers = [failed(400, "no")]
    with pytest.raises(CourseError):
        ask(place, streamed, retries=2)
    assert len(server.heard) == 6, "what cannot pass is not tried again"


@pytest.mark.parametrize("lang", i18n.LANGS)
@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_no_key(place, monkeypatch, lang, value):
    monkeypatch.setattr(i18n, "_current", lang)
    monkeypatch.delenv("AIGC_TEST_KEY") if value is None else monkeypatch.setenv("AIGC_TEST_KEY", value)
    for call in (llm.chat, llm.stream):
        with pytest.raises(CourseError, match="AIGC_TEST_KEY") as caught:
            call("Hi", place)
        assert "export AIGC_TEST_KEY=" in str(caught.value) and "getpass" in str(caught.value)


@pytest.mark.parametrize("value", ["sk-SECRET SECRET", "sk-SECRET\nSECRET", "“sk-SECRET”", "sk-SECRET密钥"])
def test_what_cannot_be_a_key_is_not_quoted(place, monkeypatch, value):
    monkeypatch.setenv("AIGC_TEST_KEY", value)
    with pytest.raises(CourseError, match="cannot be a key") as caught:
        llm.chat("Hi", place)
    assert "SECRET" not in anywhere(caught.value)


def test_a_key_with_a_line_break_at_its_end_is_taken(server, place, monkeypatch):
    monkeypatch.setenv("AIGC_TEST_KEY", f" {KEY}\r\n")
    server.answers = [(200, message(content="Hi"))]
    llm.chat("Hi", place)
    assert server.heard[0][1]["authorization"] == f"Bearer {KEY}"


def test_a_reply_holds_no_key(server, place):
    server.answers = [(200, message(content="Hi"))]
    reply = llm.chat("Hi", place)
    assert KEY not in repr(reply) + repr(pickle.dumps(reply)) + repr(place) + repr(vars(place))
    assert "password" not in dataclasses.replace(place, base_url="http://me:password@127.0.0.1:9/v1").host


def test_no_server(monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{probe.getsockname()[1]}/v1"
    with pytest.raises(CourseError, match="run aigc serve in another terminal"):
        llm.chat("Hi", dataclasses.replace(find("local"), base_url=nobody), retries=0)
    with pytest.raises(CourseError, match="start ollama first"):
        llm.models(dataclasses.replace(find("ollama"), base_url=nobody))


def test_no_network(monkeypatch):
    monkeypatch.setenv("DEEPSEEK_API_KEY", KEY)
    for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(proxy, raising=False)
    with pytest.raises(CourseError, match=r"api\.deepseek\.com cannot be reached.*endpoint=\"local\"") as caught:
        llm.chat("Hi", "deepseek", retries=0)
    assert KEY not in anywhere(caught.value)


def test_a_proxy_is_not_asked_for_ones_own_machine(server, place, monkeypatch):
    server.answers = [(200, message(content="Hi"))]
    for proxy in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(proxy, "socks5://127.0.0.1:9" if "all" in proxy.lower() else "http://127.0.0.1:9")
    assert llm.chat("Hi", place).text == "Hi"


def test_a_socks_proxy_without_its_package(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "socksio", None)
    monkeypatch.setenv("DEEPSEEK_API_KEY", KEY)
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with pytest.raises(CourseError, match="pip install socksio") as caught:
        llm.chat("Hi", "deepseek", retries=0)
    assert KEY not in anywhere(caught.value)


# --- the real thing ----------------------------------------------------------------------------------------------


def test_the_course_server_and_the_client_understand_each_other():
    with serve.background() as base_url:
        local = dataclasses.replace(find("local"), base_url=base_url)
        reply = llm.chat(STORY, local, temperature=0)
        assert (reply.text, reply.thinking, reply.finish, reply.cost) == ("12", "7+5=12", "stop", 0.0)
        assert reply.usage.thinking and reply.usage.thinking < reply.usage.written
        stream = llm.stream(STORY, local, temperature=0)
        assert "".join(piece.thinking for piece in stream) == reply.thinking
        streamed = dataclasses.asdict(stream.reply) | {"seconds": reply.seconds, "first": None}
        assert streamed == dataclasses.asdict(reply)
        assert llm.chat(STORY, local, "r1_zero_base", temperature=0, think=False).thinking == ""
        assert llm.models(local) == serve.names()
        for wrong, words in (
            ({"model": "resoner"}, r"no model 'resoner'.*llm.models"),
            ({"temperature": 3}, "from 0 to 2"),
            ({"max_tokens": 10_000}, "Too long"),
        ):
            with pytest.raises(CourseError, match=words):
                llm.chat(STORY, local, **wrong)


def test_the_table_is_read_from_the_package():
    path = course.root() / "aigc_course" / "data" / "endpoints.toml"
    assert tomllib.loads(path.read_text(encoding="utf-8")).keys() == endpoints.endpoints().keys()
