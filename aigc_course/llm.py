"""One client for every chat model that speaks OpenAI's API: DeepSeek, Ollama, vLLM, transformers serve, `aigc serve`.

    reply = llm.chat("小明有 3 个苹果……", endpoint="local")      # reply.text, reply.thinking, reply.usage, reply.cost
    for piece in llm.stream("…", endpoint="deepseek"):           # as it is written
        print(piece.thinking or piece.text, end="")
    reply = llm.chat("…", tools=[tool.schema for tool in TOOLS])  # reply.tool_calls; the loop: see llm_calls

Where models answer and what they cost stands in data/endpoints.toml. A key is read from the environment at the moment
of the call; it is in no reply, no error and no chain of errors.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import openai

from aigc_course import llm_errors
from aigc_course.endpoints import Endpoint, Usage, cost, find
from aigc_course.errors import CourseError
from aigc_course.llm_calls import ToolCall, checked
from aigc_course.llm_heard import Heard, Piece, split_thinking

TIMEOUT = 120.0  # seconds without a sign of life; a reasoning model may be silent for long
CONNECT = 5.0  # seconds to reach the machine at all
RETRIES = 2  # by the library, with growing pauses: no connection, time-out, 408, 409, 429, 5xx

Messages = str | Sequence[Mapping]


@dataclass(frozen=True)
class Reply:
    """What came back. finish: "stop", "length" (max_tokens reached) or "tool_calls". usage: None where the endpoint
    does not count. cost: in `currency`, None where it is not known. seconds: for everything; first: to the first piece
    of a stream, None where it brought no text. tool_calls: what the model wants to have called, in order; finish may be
    "stop" all the same. back: what else the endpoint wants to see again in the next turn."""

    text: str
    thinking: str
    model: str
    endpoint: str
    finish: str | None = None
    usage: Usage | None = None
    cost: float | None = None
    currency: str = ""
    seconds: float = 0.0
    first: float | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    back: Mapping = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text

    @property
    def message(self) -> dict:
        """For the next turn of a conversation; without the thinking, which endpoints do not want back, except where
        tools are used."""
        calls = {"tool_calls": [call.part for call in self.tool_calls]} if self.tool_calls else {}
        return {"role": "assistant", "content": self.text, **self.back, **calls}


class Stream:
    """A reply while it is written: iterate over its Pieces, then read `reply`, which waits for the rest (None after
    `close`)."""

    def __init__(self, pieces: Iterator[Piece]):
        self._pieces, self._reply = pieces, None

    def __iter__(self) -> Iterator[Piece]:
        reply = yield from self._pieces
        self._reply = self._reply or reply

    @property
    def reply(self) -> Reply | None:
        for _ in self:
            pass
        return self._reply

    def close(self) -> None:
        """Hang up: the server need not write the rest."""
        self._pieces.close()


def chat(messages: Messages, endpoint: str | Endpoint = "local", model: str | None = None, **settings) -> Reply:
    """Ask, and wait for the whole reply.

    messages: a question, or a list of {"role": …, "content": …}. endpoint: a name or an Endpoint. model: an id, the
    endpoint's usual one if None. settings: temperature, top_p, max_tokens, stop, seed, tools, tool_choice as in
    OpenAI's API; think, True or False, switches the thinking where the endpoint has a switch for it; timeout in
    seconds; retries.
    CourseError, in one sentence: no key or a wrong one, no such model, no connection, a time-out, too many requests, a
    request that was refused, a reply that makes no sense.
    """
    call = _Call(messages, endpoint, model, **settings)
    with call.client() as client:
        start = time.perf_counter()
        got = call.told(lambda: client.chat.completions.create(**call.body))
        seconds = time.perf_counter() - start
    return call.told(lambda: call.reply(Heard.whole(got), seconds))


def stream(messages: Messages, endpoint: str | Endpoint = "local", model: str | None = None, **settings) -> Stream:
    """Ask, and get the reply piece by piece. Arguments and errors as for `chat`; most errors come while iterating."""
    return Stream(_pieces(_Call(messages, endpoint, model, **settings)))


def models(endpoint: str | Endpoint = "local") -> list[str]:
    """The ids of the models that an endpoint offers now. Errors as for `chat`."""
    call = _Call("?", endpoint)
    with call.client() as client:
        return call.told(lambda: [one.id for one in client.models.list()])


def _pieces(call: "_Call") -> Iterator[Piece]:
    heard, first, start = Heard(), None, time.perf_counter()
    with call.client() as client:
        options = {"stream": True, "stream_options": {"include_usage": True}}
        with call.told(lambda: client.chat.completions.create(**call.body, **options)) as chunks:
            chunk = True
            while chunk:
                chunk = call.told(lambda: next(chunks, None))
                if any(piece := call.told(lambda chunk=chunk: heard.add(chunk))):
                    first = first or time.perf_counter() - start
                    yield piece
    seconds = time.perf_counter() - start
    if not heard.finish:
        raise llm_errors.bad_reply(call.place, "它中途断了", "it broke off")
    return call.told(lambda: call.reply(heard, seconds, first))


class _Call:
    """One request: checked, sent, its errors told."""

    def __init__(
        self,
        messages: Messages,
        endpoint: str | Endpoint,
        model: str | None = None,
        *,
        think: bool | None = None,
        timeout: float = TIMEOUT,
        retries: int = RETRIES,
        temperature: float | None = None,
        top_p: float | None = None,
        max_tokens: int | None = None,
        stop: str | Sequence[str] | None = None,
        seed: int | None = None,
        tools: Sequence[Mapping] = (),
        tool_choice: str | Mapping | None = None,
    ):
        self.place = find(endpoint) if isinstance(endpoint, str) else endpoint
        self.timeout, self.retries = timeout, retries
        turns = [{"role": "user", "content": messages}] if isinstance(messages, str) else list(messages)
        if not turns or not all(isinstance(turn, Mapping) and turn.get("role") for turn in turns):
            raise CourseError(
                '要给一个问题，或者一列消息，如 [{"role": "user", "content": "…"}]。',
                'Give a question, or a list of messages such as [{"role": "user", "content": "…"}].',
            )
        self.model = model or next(iter(self.place.models), "")
        wished = {"temperature": temperature, "top_p": top_p, "max_tokens": max_tokens, "stop": stop, "seed": seed}
        wished |= {"tools": checked(tools) or None, "tool_choice": tool_choice}  # OpenAI refuses an empty list
        self.body = {"model": self.model, "messages": turns} | {k: v for k, v in wished.items() if v is not None}
        if think is not None:
            self.body["extra_body"] = self._switch("on" if think else "off")
        self._key()

    def _switch(self, way: str) -> Mapping:
        if way not in self.place.thinking:
            raise CourseError(
                f"接口 {self.place.name} 不能开关思考，请去掉 think。",
                f"The endpoint {self.place.name} has no switch for the thinking: leave out think.",
            )
        return self.place.thinking[way]

    def _key(self) -> str:
        if self.place.key is None:
            return "none"  # the library wants one
        if wrong := llm_errors.of_the_key(self.place):
            raise wrong
        return os.environ[self.place.key].strip()

    def client(self) -> openai.OpenAI:
        """The library's client. One's own machine is reached directly, whatever proxy is set."""
        wait, own = openai.Timeout(self.timeout, connect=min(self.timeout, CONNECT)), None
        if self.place.own:  # no certificates to load for http, which takes longer than a small model's answer
            own = {"trust_env": False, "verify": self.place.base_url.startswith("https:"), "timeout": wait}
        # the library would add these of the reader's own from the environment
        others = dict.fromkeys(("OpenAI-Organization", "OpenAI-Project"), openai.Omit())
        return self.told(
            lambda: openai.OpenAI(
                api_key=self._key(),
                base_url=self.place.base_url,
                timeout=wait,
                max_retries=self.retries,
                default_headers=others,
                http_client=own and openai.DefaultHttpxClient(**own),
            )
        )

    def reply(self, heard: Heard, seconds: float, first: float | None = None) -> Reply:
        thinking, content = heard.thinking, heard.content
        if not thinking:
            thinking, content = split_thinking(content)
        counted = heard.counted
        # DeepSeek refuses a conversation with tools that lacks the thinking, even an empty one; others pass over it
        back = {heard.name: heard.thinking} if heard.name and "tools" in self.body else {}
        return Reply(
            text=content.lstrip() if thinking else content,
            thinking=thinking.strip(),
            model=self.model,
            endpoint=self.place.name,
            finish=heard.finish,
            usage=counted,
            cost=cost(self.place, self.model, counted),
            currency=self.place.prices.get("currency", ""),
            seconds=seconds,
            first=first,
            tool_calls=heard.calls.calls(),
            back=back,
        )

    def told(self, do: Callable):
        """do(), or a CourseError, raised outside the handler: a chain would hold the request, which holds the key."""
        try:
            return do()
        except CourseError as error:
            failure = error
        except Exception as error:  # the library's, the network's, and what a strange reply makes of the code above
            failure = llm_errors.explained(error, self.place, self.model, self.timeout, self.retries)
        raise failure
