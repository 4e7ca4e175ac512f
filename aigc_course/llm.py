"""One client for every chat model that speaks OpenAI's API: DeepSeek, Ollama, vLLM, transformers serve, `aigc serve`.

    reply = llm.chat("小明有 3 个苹果……", endpoint="local")      # reply.text, reply.thinking, reply.usage, reply.cost
    for piece in llm.stream("…", endpoint="deepseek"):           # as it is written
        print(piece.thinking or piece.text, end="")

Where models answer and what they cost stands in data/endpoints.toml. A key is read from the environment at the moment
of the call; it is in no reply, no error and no chain of errors.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import openai

from aigc_course import llm_errors
from aigc_course.endpoints import Endpoint, Usage, cost, find
from aigc_course.errors import CourseError

OPEN, CLOSE = "<think>", "</think>"
FIELDS = ("reasoning_content", "reasoning")  # DeepSeek and older vLLM; Ollama and vLLM since 2025
TIMEOUT = 120.0  # seconds without a sign of life; a reasoning model may be silent for long
CONNECT = 5.0  # seconds to reach the machine at all
RETRIES = 2  # by the library, with growing pauses: no connection, time-out, 408, 409, 429, 5xx

Messages = str | Sequence[Mapping]


@dataclass(frozen=True)
class Reply:
    """What came back. finish: "stop" or "length" (max_tokens reached). usage: None where the endpoint does not count.
    cost: in `currency`, None where it is not known. seconds: for everything; first: to the first piece of a stream."""

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

    def __str__(self) -> str:
        return self.text

    @property
    def message(self) -> dict:
        """For the next turn of a conversation; without the thinking, which endpoints do not want back."""
        return {"role": "assistant", "content": self.text}


class Piece(NamedTuple):
    """A part of a reply, thinking or text, as it arrives."""

    thinking: str
    text: str


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
    endpoint's usual one if None. settings: temperature, top_p, max_tokens, stop, seed as in OpenAI's API; think, True
    or False, switches the thinking where the endpoint has a switch for it; timeout in seconds; retries.
    CourseError, in one sentence: no key or a wrong one, no such model, no connection, a time-out, too many requests, a
    request that was refused, a reply that makes no sense.
    """
    call = _Call(messages, endpoint, model, **settings)
    with call.client() as client:
        start = time.perf_counter()
        got = call.told(lambda: client.chat.completions.create(**call.body))
        seconds = time.perf_counter() - start
    return call.told(
        lambda: call.reply(got.choices[0].finish_reason, *_said(got.choices[0].message), got.usage, seconds)
    )


def stream(messages: Messages, endpoint: str | Endpoint = "local", model: str | None = None, **settings) -> Stream:
    """Ask, and get the reply piece by piece. Arguments and errors as for `chat`; most errors come while iterating."""
    return Stream(_pieces(_Call(messages, endpoint, model, **settings)))


def models(endpoint: str | Endpoint = "local") -> list[str]:
    """The ids of the models that an endpoint offers now. Errors as for `chat`."""
    call = _Call("?", endpoint)
    with call.client() as client:
        return call.told(lambda: [one.id for one in client.models.list()])


def split_thinking(text: str) -> tuple[str, str]:
    """(thinking, answer) of a text with <think>…</think>, or with …</think> alone where the prompt has opened it."""
    if text.lstrip().startswith(OPEN):
        return _so_far(text, hold=False)
    thinking, closed, answer = text.partition(CLOSE)
    return (thinking, answer) if closed else ("", text)


def _so_far(text: str, hold: bool = True) -> tuple[str, str]:
    """The same of the beginning of a text. hold: leave out what may yet turn out to be a tag."""
    body = text.lstrip()
    if not body.startswith(OPEN):
        return "", "" if hold and OPEN.startswith(body) else text
    thinking, closed, answer = body.removeprefix(OPEN).partition(CLOSE)
    if hold and not closed:
        begun = next((n for n in range(len(CLOSE) - 1, 0, -1) if thinking.endswith(CLOSE[:n])), 0)
        thinking = thinking[: len(thinking) - begun]
    return thinking, answer


def _said(message) -> tuple[str, str]:
    """(thinking, content) of a message or of a delta, wherever the endpoint puts the thinking."""
    found = (getattr(message, name, None) for name in FIELDS)
    return next((text for text in found if isinstance(text, str)), ""), message.content or ""


def _usage(raw) -> Usage | None:
    data = raw.model_dump() if raw else {}
    prompt, written = data.get("prompt_tokens"), data.get("completion_tokens")
    if not isinstance(prompt, int) or not isinstance(written, int):
        return None
    cached = data.get("prompt_cache_hit_tokens") or (data.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
    return Usage(prompt, cached, written, (data.get("completion_tokens_details") or {}).get("reasoning_tokens"))


@dataclass
class _Heard:
    """What a stream has brought so far."""

    thinking: str = ""
    content: str = ""
    finish: str | None = None
    usage: object = None
    shown: tuple[str, str] = ("", "")

    def add(self, chunk) -> Piece:
        """Take in a chunk, None at the end; the new piece of text that is certain by now."""
        if chunk:
            self.usage = chunk.usage or self.usage
            for choice in chunk.choices[:1]:
                thinking, content = _said(choice.delta)
                self.thinking, self.content = self.thinking + thinking, self.content + content
                self.finish = choice.finish_reason or self.finish
        now = (self.thinking, self.content) if self.thinking else _so_far(self.content, hold=bool(chunk))
        new = Piece(now[0][len(self.shown[0]) :], now[1][len(self.shown[1]) :])
        self.shown = now
        return new


def _pieces(call: "_Call") -> Iterator[Piece]:
    heard, first, start = _Heard(), None, time.perf_counter()
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
    return call.told(lambda: call.reply(heard.finish, heard.thinking, heard.content, heard.usage, seconds, first))


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

    def reply(self, finish, thinking: str, content: str, usage, seconds: float, first: float | None = None) -> Reply:
        if not thinking:
            thinking, content = split_thinking(content)
        counted = _usage(usage)
        return Reply(
            text=content.lstrip() if thinking else content,
            thinking=thinking.strip(),
            model=self.model,
            endpoint=self.place.name,
            finish=finish,
            usage=counted,
            cost=cost(self.place, self.model, counted),
            currency=self.place.prices.get("currency", ""),
            seconds=seconds,
            first=first,
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
