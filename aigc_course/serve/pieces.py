"""From tokens to text while it is being written: whole characters only, and nothing of a stop text."""

import codecs
from collections.abc import Sequence

from aigc_course.widgets.labels import token_pieces


def token_bytes(tokenizer) -> list[bytes]:
    """The bytes that each id of a byte-level tokenizer stands for; special tokens stand for none."""
    special = {i for i, token in tokenizer.added_tokens_decoder.items() if token.special}
    return [b"" if i in special else piece for i, piece in enumerate(token_pieces(tokenizer, range(len(tokenizer))))]


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
        return self._give(len(self._held) - self._open()), False

    def rest(self) -> str:
        """What was held back, for the text is at its end."""
        return self._give(len(self._held))

    def _give(self, length: int) -> str:
        given, self._held = self._held[:length], self._held[length:]
        return given

    def _open(self) -> int:
        """How many characters at the end begin a stop text."""
        longest = min(len(self._held), max((len(stop) for stop in self.stop), default=1) - 1)
        return next((n for n in range(longest, 0, -1) if self._ends_in_a_start(n)), 0)

    def _ends_in_a_start(self, n: int) -> bool:
        return any(len(stop) > n and stop.startswith(self._held[-n:]) for stop in self.stop)
