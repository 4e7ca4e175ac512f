"""What an endpoint says, whole or in the pieces of a stream, put together: the thinking, the text, calls, the count."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aigc_course.endpoints import Usage
from aigc_course.llm_calls import Joined

OPEN, CLOSE = "<think>", "</think>"
FIELDS = ("reasoning_content", "reasoning")  # DeepSeek and older vLLM; Ollama and vLLM since 2025


class Piece(NamedTuple):
    """A part of a reply, thinking or text, as it arrives."""

    thinking: str
    text: str


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


@dataclass
class Heard:
    """What has been said so far. name: of the field that holds the thinking, None where there is no such field."""

    thinking: str = ""
    content: str = ""
    name: str | None = None
    finish: str | None = None
    usage: object = None
    shown: tuple[str, str] = ("", "")
    calls: Joined = field(default_factory=Joined)

    @classmethod
    def whole(cls, got) -> "Heard":
        """Of a reply that came at once."""
        choice = got.choices[0]
        heard = cls(finish=choice.finish_reason, usage=got.usage)
        heard.take(choice.message, list(enumerate(choice.message.tool_calls or [])))
        return heard

    def take(self, said, calls: Sequence[tuple]) -> None:
        """Take in a message or a delta, wherever the endpoint puts the thinking, and its (index, call) pairs."""
        name = next((name for name in FIELDS if isinstance(getattr(said, name, None), str)), None)
        self.name = self.name or name
        self.thinking += getattr(said, name) if name else ""
        self.content += said.content or ""
        for index, call in calls:
            self.calls.add(index, call)

    def add(self, chunk) -> Piece:
        """Take in a chunk, None at the end; the new piece of text that is certain by now."""
        if chunk:
            self.usage = chunk.usage or self.usage
            for choice in chunk.choices[:1]:
                self.take(choice.delta, [(call.index, call) for call in choice.delta.tool_calls or []])
                self.finish = choice.finish_reason or self.finish
        now = (self.thinking, self.content) if self.thinking else _so_far(self.content, hold=bool(chunk))
        new = Piece(now[0][len(self.shown[0]) :], now[1][len(self.shown[1]) :])
        self.shown = now
        return new

    @property
    def counted(self) -> Usage | None:
        """The tokens, None where the endpoint does not count them."""
        data = self.usage.model_dump() if self.usage else {}
        prompt, written = data.get("prompt_tokens"), data.get("completion_tokens")
        if not isinstance(prompt, int) or not isinstance(written, int):
            return None
        read, said = data.get("prompt_tokens_details") or {}, data.get("completion_tokens_details") or {}
        cached = data.get("prompt_cache_hit_tokens") or read.get("cached_tokens") or 0
        return Usage(prompt, cached, written, said.get("reasoning_tokens"))
