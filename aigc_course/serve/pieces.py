"""From tokens to text while it is being written: whole characters only, nothing of a stop text, calls apart."""

import codecs
from collections.abc import Sequence

from aigc_course.tool_use import CLOSE, OPEN, Call, parse
from aigc_course.tools import ToolError
from aigc_course.widgets.labels import token_pieces


def token_bytes(tokenizer) -> list[bytes]:
    """The bytes that each id of a byte-level tokenizer stands for; special tokens stand for none."""
    special = {i for i, token in tokenizer.added_tokens_decoder.items() if token.special}
    return [b"" if i in special else piece for i, piece in enumerate(token_pieces(tokenizer, range(len(tokenizer))))]


def begun(text: str, words: Sequence[str]) -> int:
    """How many characters at the end of a text begin one of the words, and are not the whole of it."""
    longest = min(len(text), max((len(word) for word in words), default=1) - 1)
    ends = (n for n in range(longest, 0, -1) if any(len(w) > n and w.startswith(text[-n:]) for w in words))
    return next(ends, 0)


class Pieces:
    """Takes bytes, gives text. What may be the beginning of a stop text, or half a character, is held back.

    hit: whether a stop text has been written; nothing of it is given, and nothing after it.
    """

    def __init__(self, stop: Sequence[str] = ()):
        self.stop = tuple(stop)
        self.hit = False
        self._held = ""
        # a character cut off at the end is left out; bytes that are no character at all become one �
        self._characters = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, data: bytes) -> tuple[str, bool]:
        """(the text that is certain now, whether a stop text is reached)."""
        self._held += self._characters.decode(data)
        found = [(at + len(stop), at) for stop in self.stop if (at := self._held.find(stop)) >= 0]
        if found:  # the one that is whole first counts, so that it does not matter how the text is cut into tokens
            self.hit = True
            return self._held[: min(found)[1]], True
        return self._give(len(self._held) - begun(self._held, self.stop)), False

    def rest(self) -> str:
        """What was held back, for the text is at its end."""
        return self._give(len(self._held))

    def _give(self, length: int) -> str:
        given, self._held = self._held[:length], self._held[length:]
        return given


class Calls:
    """Takes text, gives text and calls. What may yet be a call is held back; what looked like one and is none, for it
    is not well formed or was cut off, is given as the text that it is, tags included."""

    def __init__(self):
        self._held = ""
        self._gap = False  # after a call: white space between calls is no text

    def add(self, said: str, last: bool = False) -> list[str | Call]:
        """What is certain now. last: the text is at its end."""
        given: list[str | Call] = []
        self._skip(self._held + said)
        while (at := self._held.find(OPEN)) >= 0:
            given.append(self._held[:at])
            self._held = self._held[at:]
            written, closed, after = self._held.removeprefix(OPEN).partition(CLOSE)
            if not closed and not last:
                return list(filter(None, given))
            call = _call(written)
            self._gap = call is not None
            given.append(call or OPEN + written + closed)
            self._skip(after)
        end = len(self._held) - (0 if last else begun(self._held, [OPEN]))
        given.append(self._held[:end])
        self._held = self._held[end:]
        return list(filter(None, given))

    def _skip(self, text: str) -> None:
        self._held = text.lstrip() if self._gap else text
        self._gap = self._gap and not self._held


def _call(written: str) -> Call | None:
    try:
        call = parse(written)
        call.text.encode()  # half a character cannot be sent
    except (ToolError, UnicodeEncodeError):
        return None
    return call if isinstance(call.arguments, dict) else None
