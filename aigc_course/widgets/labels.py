"""What a token looks like in a picture: its characters, or its bytes where a character is cut in two; never �."""

import unicodedata
from collections.abc import Iterable, Sequence

from aigc_course.tokens import WRITTEN

SPACES = {" ": "␣", "\n": "⏎", "\t": "⇥", "\u3000": "□"}
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"}


def mark(character: str) -> str:
    """One character as something visible: a space as ␣, an accent on a circle, what has no shape as its code point."""
    if character in SPACES:
        return SPACES[character]
    kind = unicodedata.category(character)
    # U+FFFD is the very sign that means "not a character": where a text holds it, its code point says so
    if kind in UNSEEN or character == "\ufffd":
        return f"U+{ord(character):04X}"
    return f"◌{character}" if kind in ("Mn", "Me") else character


def characters(data: bytes) -> list[tuple[str, int]]:
    """(label, number of bytes) of each character of UTF-8 `data`; a byte that belongs to none is its own, as hex."""
    text = data.decode("utf-8", errors="surrogateescape")
    return [
        (f"{ord(c) - 0xDC00:02X}", 1) if "\udc80" <= c <= "\udcff" else (mark(c), len(c.encode("utf-8"))) for c in text
    ]


def groups(sizes: Sequence[int], lengths: Sequence[int]) -> list[tuple[range, range]]:
    """The smallest groups of whole characters and whole pieces: (indices of characters, indices of pieces).

    sizes: bytes of each character; lengths: bytes of each piece (a token); both add up to the same number.
    """
    found, c, p, ahead = [], 0, 0, 0  # ahead: bytes of characters minus bytes of pieces, in the open group
    first = (0, 0)
    while c < len(sizes) or p < len(lengths):
        if p < len(lengths) and lengths[p] == 0 and ahead == 0:
            p += 1  # a token without bytes, such as SentencePiece's ▁ in front of a text, stands alone
        elif ahead <= 0 and c < len(sizes):
            ahead, c = ahead + sizes[c], c + 1
        else:
            ahead, p = ahead - lengths[p], p + 1
        if ahead == 0:
            found.append((range(first[0], c), range(first[1], p)))
            first = (c, p)
    return found


def piece_label(piece: bytes) -> str:
    """One token on its own: its characters, and the bytes of a character that it holds only in part as ⟨E5 A4⟩."""
    label, part = "", []
    text = piece.decode("utf-8", errors="surrogateescape")
    for c in [*text, ""]:
        if "\udc80" <= c <= "\udcff":
            part.append(f"{ord(c) - 0xDC00:02X}")
            continue
        label += (f"⟨{' '.join(part)}⟩" if part else "") + (mark(c) if c else "")
        part = []
    return label


def token_pieces(tokenizer, ids: Iterable[int]) -> list[bytes]:
    """The bytes that tokens of a Hugging Face tokenizer stand for, byte-level (Ġ for a space) or SentencePiece (▁);
    those of a special token are its name's."""
    special = set(tokenizer.all_special_ids)
    ids = list(ids)
    byte_level = tokenizer.convert_tokens_to_ids("Ġ") not in (None, tokenizer.unk_token_id)

    def piece(i: int, token: str | None) -> bytes:
        # a model may have more rows than its tokenizer has tokens: those have no name
        if token is None or i in special:
            return (token or f"#{i}").encode("utf-8")
        if byte_level and all(c in WRITTEN for c in token):
            return b"".join(WRITTEN[c] for c in token)
        if len(token) == 6 and token.startswith("<0x"):
            return bytes([int(token[3:5], 16)])
        return token.replace("▁", " ").encode("utf-8")

    return [piece(i, token) for i, token in zip(ids, tokenizer.convert_ids_to_tokens(ids), strict=True)]


def token_labels(tokenizer, ids: Iterable[int]) -> list[str]:
    """Labels of tokens of a Hugging Face tokenizer, each on its own."""
    return [piece_label(piece) for piece in token_pieces(tokenizer, ids)]
