"""Tokens: byte-level BPE by hand, and what tokens cost.

The rules are those of `tokenizers.trainers.BpeTrainer` and `tokenizers.models.BPE`, merge by merge and id by id
(`tests/test_tokens.py`). BPE for subwords: Sennrich et al. 2016, arXiv:1508.07909; over bytes: Radford et al. 2019,
"Language Models are Unsupervised Multitask Learners", section 2.2.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from unicodedata import category

import numpy as np

from aigc_course.errors import CourseError

# GPT-2 numbers the 256 bytes so: first those with a printable Latin-1 character, then the rest. BYTES[id] is the byte.
_PRINTABLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
BYTES = [bytes([b]) for b in (*_PRINTABLE, *sorted(set(range(256)) - set(_PRINTABLE)))]
BYTE_ID = {byte[0]: i for i, byte in enumerate(BYTES)}
# how vocabulary files write a byte: the printable ones as themselves, the 68 others as characters from U+0100 on
WRITTEN = {chr(byte[0] if i < len(_PRINTABLE) else 256 + i - len(_PRINTABLE)): byte for i, byte in enumerate(BYTES)}

# BPE never merges across units: letters with the space before them, digits likewise, a run of Chinese, a run of others
UNIT = r" ?[A-Za-z]+| ?[0-9]+|[一-鿿]+|[^ A-Za-z0-9一-鿿]+| "
WHOLE = r"[\s\S]+"  # the whole text as one unit

Merges = dict[tuple[int, int], int]


def utf8(text: str) -> bytes:
    """The text's UTF-8 bytes; CourseError for half a character (a lone surrogate), which has none."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CourseError(
            f"第 {error.start + 1} 个字符只是半个字符（单独的代理码位），没有 UTF-8 编码。"
            "请删掉它，或从原处重新复制这段文字。",
            f"Character {error.start + 1} is only half a character (a lone surrogate) and has no UTF-8 bytes: "
            "delete it, or copy the text again from where it came.",
        ) from error


def checked(text: str) -> str:
    """The text itself; CourseError with the place of the first lone surrogate in it."""
    utf8(text)
    return text


def text_of(data: bytes) -> str:
    """The text with these UTF-8 bytes; CourseError where a character is cut in two."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CourseError(
            f"从第 {error.start + 1} 个字节起拼不成完整的字符。请把同一个字符的 token 放在一起再解码。",
            f"From byte {error.start + 1} on there is no whole character: decode a character's tokens together.",
        ) from error


def look_up(ids: Sequence[int], table: list[bytes]) -> list[bytes]:
    """The bytes of each id; CourseError for an id that is not in the vocabulary `table`."""
    if unknown := [i for i in ids if not 0 <= i < len(table)]:
        raise CourseError(
            f"词表里没有编号 {unknown[0]}：这套合并规则的编号是 0 到 {len(table) - 1}。",
            f"The vocabulary has no id {unknown[0]}: with these merges ids run from 0 to {len(table) - 1}.",
        )
    return [table[i] for i in ids]


def units(text: str, pattern: str = UNIT) -> list[str]:
    """Cut the text where no token may cross.

    pattern: a regex without groups. Joined, the units are the text again.
    """
    return [unit for unit in re.split(f"({pattern})", checked(text)) if unit]


def byte_ids(text: str) -> tuple[int, ...]:
    """The text before any merge: one id (0–255) for each of its UTF-8 bytes."""
    return tuple(BYTE_ID[byte] for byte in utf8(text))


def count_pairs(words: dict[tuple[int, ...], int]) -> Counter:
    """How often each pair of neighbours occurs. words: ids of a unit → how often it occurs."""
    counts = Counter()
    for word, times in words.items():
        counts.update(list(pairwise(word)) * times)
    return counts


def merge(word: Sequence[int], pair: tuple[int, int], new_id: int) -> tuple[int, ...]:
    """Put `new_id` in place of each `pair`, from left to right."""
    out, i = [], 0
    while i < len(word):
        found = tuple(word[i : i + 2]) == pair
        out.append(new_id if found else word[i])
        i += 2 if found else 1
    return tuple(out)


def train_bpe(text: str, n_merges: int, pattern: str = UNIT) -> Merges:
    """Learn up to `n_merges` merges: {pair: new id} in the order learned, new ids from 256 on.

    Each time the most frequent pair wins; among equals the smaller pair of ids.
    Stops early when no pair is left.
    """
    words = Counter(byte_ids(unit) for unit in units(text, pattern))
    merges = {}
    while len(merges) < n_merges and (counts := count_pairs(words)):
        pair = min(counts, key=lambda p: (-counts[p], p))
        merges[pair] = 256 + len(merges)
        words = {merge(word, pair, merges[pair]): times for word, times in words.items()}
    return merges


def encode(text: str, merges: Merges, pattern: str = UNIT) -> list[int]:
    """Token ids of the text: in each unit the merge learned earliest goes first, until none fits."""
    ids = []
    for word in map(byte_ids, units(text, pattern)):
        while known := [pair for pair in pairwise(word) if pair in merges]:
            pair = min(known, key=merges.get)
            word = merge(word, pair, merges[pair])
        ids += word
    return ids


def token_bytes(merges: Merges) -> list[bytes]:
    """The vocabulary: the bytes that each id stands for, 256 + len(merges) entries."""
    table = list(BYTES)
    for left, right in merges:
        table.append(table[left] + table[right])
    return table


def decode(ids: Sequence[int], merges: Merges) -> str:
    """Token ids → text; CourseError for an unknown id, or where the ids cut a character in two."""
    table = token_bytes(merges)
    return text_of(b"".join(look_up(ids, table)))


def merge_steps(text: str, merges: Merges, pattern: str = UNIT) -> list[tuple[tuple[bytes, bytes] | None, list[bytes]]]:
    """Replay of `encode`: (the merged pair, all pieces of the text after it), the first with None: the single bytes.

    Each step applies one merge everywhere in the text, in the order learned. Joined, the pieces are always the text.
    """
    words = [byte_ids(unit) for unit in units(text, pattern)]
    table = token_bytes(merges)
    steps = [(None, [table[i] for word in words for i in word])]
    while known := {pair for word in words for pair in pairwise(word) if pair in merges}:
        pair = min(known, key=merges.get)
        words = [merge(word, pair, merges[pair]) for word in words]
        steps.append(((table[pair[0]], table[pair[1]]), [table[i] for word in words for i in word]))
    return steps


_VISIBLE = {" ": "␣", "\n": "⏎", "\t": "⇥"}


def show(piece: bytes) -> str:
    """A token's bytes for people: a space as ␣, an invisible character as ⟨U+200D⟩, bytes of a split one as ⟨E5 A4⟩."""
    text = piece.decode("utf-8", errors="surrogateescape")
    text = "".join(_VISIBLE.get(c, f"⟨U+{ord(c):04X}⟩" if category(c) in ("Cc", "Cf") else c) for c in text)
    return re.sub("[\udc80-\udcff]+", lambda m: f"⟨{m[0].encode('utf-8', 'surrogateescape').hex(' ').upper()}⟩", text)


def words_in(text: str) -> int:
    """English words as a word processor counts them: stretches between spaces that hold a letter or digit."""
    return sum(any(c.isalnum() for c in stretch) for stretch in text.split())


def han_in(text: str) -> int:
    """Chinese characters (Han ideographs, extensions A to H); punctuation, digits and Latin letters do not count."""
    return len(re.findall("[㐀-䶿一-鿿\U00020000-\U000323af]", text))


def window_share(tokens: int, window: int) -> float:
    """The share of a context window that is used: tokens in prompt plus answer / tokens in the window (1.0 is full)."""
    if window <= 0 or tokens < 0:
        raise CourseError(
            "上下文窗口要大于 0，token 数不能是负数：请检查这两个数。",
            "The window must be above 0 and tokens not below 0: check the two numbers.",
        )
    return tokens / window


def cost(tokens_in: int, tokens_out: int, price_in: float, price_out: float, per: int = 1_000_000) -> float:
    """Money for one call, in the currency of the prices: `price_in`, `price_out` for `per` tokens read and written."""
    if min(tokens_in, tokens_out, price_in, price_out) < 0 or per <= 0:
        raise CourseError(
            "token 数和单价都不能是负数，计价单位要大于 0：请检查输入的数。",
            "Tokens and prices must not be below 0, and the price unit must be above 0: check the numbers.",
        )
    return (tokens_in * price_in + tokens_out * price_out) / per


def ratio_interval(
    tops: Sequence[float], bottoms: Sequence[float], level: float = 0.95, draws: int = 5000, seed: int = 0
) -> tuple[float, float, float]:
    """sum(tops) / sum(bottoms) over passages, with a percentile bootstrap interval: (ratio, low, high).

    tops, bottoms: shape (passages,), one count of each kind per passage. Whole passages are drawn again, with
    replacement, `draws` times: the interval says what other passages of this kind would give. Efron & Tibshirani 1993.
    """
    pairs = np.array([tops, bottoms], dtype=float)
    drawn = np.random.default_rng(seed).integers(pairs.shape[1], size=(draws, pairs.shape[1]))
    top, bottom = pairs[:, drawn].sum(axis=2)
    low, high = np.quantile(top / bottom, [(1 - level) / 2, (1 + level) / 2])
    return float(pairs[0].sum() / pairs[1].sum()), float(low), float(high)


def per_100_tokens(split: Callable, texts: Sequence[str], length: Callable) -> tuple[float, float, float]:
    """How much text 100 tokens hold: (value, low, high), the last two a 95 % interval over the passages `texts`.

    split: text → its tokens; length: text → a count, such as `words_in` or `han_in`.
    """
    return tuple(100 * x for x in ratio_interval([length(s) for s in texts], [len(split(s)) for s in texts]))
