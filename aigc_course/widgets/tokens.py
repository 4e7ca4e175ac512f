"""The tokenizer explorer: type, and see tokens, ids and bytes, Chinese beside English, merges replayed step by step."""

import json
from collections.abc import Callable
from itertools import accumulate, chain, pairwise
from pathlib import Path

from traitlets import Dict, List, Unicode

from aigc_course import tokenizers_zoo, tokens
from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.widgets import svg
from aigc_course.widgets.base import CourseWidget, page_files
from aigc_course.widgets.labels import characters, groups

BOXES = ("zh", "en")
LONGEST = 2000
STILL_LINES = 6
TINTS = ("#cfe6f5", "#fde3b8", "#cdeadf", "#f0d5e5")
Pairs = list[tuple[int, bytes]]
Split = Callable[[str], Pairs]


def with_steps(split: Split, steps: Callable[[str], list[list[bytes]]]) -> Split:
    """`split` with the attribute that makes its merges replayable: text → the pieces before and after each merge."""

    def splitter(text: str) -> Pairs:
        return split(text)

    splitter.merge_steps = steps
    return splitter


def from_merges(merges: tokens.Merges, pattern: str = tokens.UNIT) -> Split:
    """A tokenizer for the explorer from merges that `tokens.train_bpe` learned, with replay."""
    table = tokens.token_bytes(merges)
    return with_steps(
        lambda text: [(i, table[i]) for i in tokens.encode(text, merges, pattern)],
        lambda text: [pieces for _, pieces in tokens.merge_steps(text, merges, pattern)],
    )


def default_tokenizers() -> dict[str, Split]:
    """Every tokenizer on this machine; the course's own, "lm", with replay."""
    found = tokenizers_zoo.available()
    if "lm" in found:
        found["lm"] = with_steps(found["lm"], _lm_steps(tokenizers_zoo.source("lm").find()))
    return found


def _lm_steps(path: Path) -> Callable[[str], list[list[bytes]]]:
    """Replay from a byte-level tokenizer.json: its own cuts between words, then its merges, earliest-learned first."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    merges = [
        tuple(m.split(" ") if isinstance(m, str) else m) for m in json.loads(tokenizer.to_str())["model"]["merges"]
    ]
    order = {tuple(b"".join(tokens.WRITTEN[c] for c in side) for side in pair): n for n, pair in enumerate(merges)}

    def steps(text: str) -> list[list[bytes]]:
        words = [[tokens.WRITTEN[c] for c in word] for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text)]
        found = [list(chain(*words))]
        while known := {pair for word in words for pair in pairwise(word) if pair in order}:
            words = [_merged(word, min(known, key=order.get)) for word in words]
            found.append(list(chain(*words)))
        return found

    return steps


def _merged(word: list[bytes], pair: tuple[bytes, bytes]) -> list[bytes]:
    out, i = [], 0
    while i < len(word):
        here = tuple(word[i : i + 2]) == pair
        out.append(pair[0] + pair[1] if here else word[i])
        i += 2 if here else 1
    return out


def _ends(pieces: list[bytes]) -> list[int]:
    """Where each piece ends, in bytes from the start of the text."""
    return list(accumulate(map(len, pieces)))


def analyse(text: str, split: Split) -> dict:
    """Everything the page draws for `text`.

    chars: [[label, bytes]] of each character; hex: all bytes; ids, ends: of each token its id and where its bytes end;
    replay: None, or {"ends": the ends before any merge, "joined": for each merge the ends that it removes};
    counts: tokens, characters (code points), bytes, words (None where the text has Chinese, which does not mark them).
    """
    if len(text) > LONGEST:
        raise CourseError(
            f"这段文字有 {len(text)} 个字符，这里最多 {LONGEST} 个。请删短一些。",
            f"This text has {len(text)} characters; {LONGEST} is the most here: make it shorter.",
        )
    tokens.utf8(text)
    pairs = split(text)
    pieces = [piece for _, piece in pairs]
    data = b"".join(pieces)
    return {
        "text": text,
        "chars": [list(pair) for pair in characters(data)],
        "ids": [i for i, _ in pairs],
        "ends": _ends(pieces),
        "hex": data.hex().upper(),
        "replay": _replay(split.merge_steps(text)) if hasattr(split, "merge_steps") else None,
        "counts": {
            "tokens": len(pairs),
            "characters": len(text),
            "bytes": len(data),
            "words": None if tokens.han_in(text) else tokens.words_in(text),
        },
    }


def _replay(steps: list[list[bytes]]) -> dict:
    ends = [_ends(pieces) for pieces in steps]
    return {"ends": ends[0], "joined": [sorted(set(a) - set(b)) for a, b in pairwise(ends)]}


class TokenExplorer(CourseWidget):
    """Two texts cut into tokens, side by side.

    zh, en: the texts at first. tokenizers: name → (text → [(id, bytes), ...]); one whose function has an attribute
    `merge_steps` (text → the pieces at each step, see `with_steps`) can be replayed. Default: all on this machine.
    """

    _esm, _css = page_files(__file__)

    names = List(Unicode(), help="the tokenizers to choose from").tag(sync=True)
    shown = Dict(help="tokenizer: its name; zh, en: what `analyse` says of each text").tag(sync=True)

    def __init__(
        self,
        zh: str = "今天天气不错，我决定去公园",
        en: str = "The weather is nice today, so I decided to go to the park",
        tokenizers: dict[str, Split] | None = None,
        **kwargs,
    ) -> None:
        self._tokenizers = default_tokenizers() if tokenizers is None else tokenizers
        if not self._tokenizers:
            raise CourseError("没有分词器可用。请至少给一个。", "There is no tokenizer to show: give at least one.")
        names = list(self._tokenizers)
        super().__init__(names=names, shown=self._shown(names[0], zh, en), **kwargs)

    def answer(self, question: dict) -> tuple[dict, list[bytes]]:
        """{"tokenizer": name, "zh": text, "en": text}: show these texts cut by this tokenizer."""
        self.shown = self._shown(question["tokenizer"], question["zh"], question["en"])
        return {}, []

    def _shown(self, name: str, zh: str, en: str) -> dict:
        if name not in self._tokenizers:
            known = list(self._tokenizers)
            raise CourseError(
                f"没有叫“{name}”的分词器，现有：{'、'.join(known)}。",
                f"There is no tokenizer “{name}”; there are {', '.join(known)}.",
            )
        split = self._tokenizers[name]
        return {"tokenizer": name, "zh": analyse(zh, split), "en": analyse(en, split)}

    def static_svg(self) -> str:
        """Both texts as coloured tokens with their ids; pieces of one character stand under it as bytes."""
        shapes = [
            svg.text(
                24, 36, t("分词器：文字怎样变成 token", "The tokenizer: how text becomes tokens"), 18, font_weight=600
            ),
            svg.text(736, 36, self.shown["tokenizer"], 16, svg.MODEL, text_anchor="end"),
        ]
        y = 62
        for side in BOXES:
            y = _still(self.shown[side], y, shapes) + 18
        note = t("静态图；运行单元格就能改文字", "A still picture: run the cell to type")
        shapes.append(svg.text(736, y + 8, note, 13, svg.SOFT, text_anchor="end"))
        return svg.picture(760, y + 24, "TokenExplorer", shapes)


def _still(shown: dict, y: int, shapes: list[str]) -> int:
    """Append one text's tokens to `shapes` from height `y` on; the height below them."""
    counts = shown["counts"]
    line = t(
        f"{counts['tokens']} 个 token，{counts['characters']} 个字符",
        f"{counts['tokens']} tokens, {counts['characters']} characters",
    )
    shapes.append(svg.text(24, y + 14, line, 14, svg.SOFT))
    x, y = 24, y + 26
    bottom = y + (STILL_LINES - 1) * 54
    labels, sizes = [label for label, _ in shown["chars"]], [size for _, size in shown["chars"]]
    lengths = [end - start for start, end in pairwise([0, *shown["ends"]])]
    for chars, pieces in groups(sizes, lengths):
        # under a character that several tokens share stand their bytes; under a token its id
        cut = len(pieces) > 1
        below = [_hex(shown, p) if cut else str(shown["ids"][p]) for p in pieces]
        wide = [max(svg.width(b, 11) + 12, 30) for b in below]
        word = svg.fit("".join(labels[c] for c in chars) or "∅", 18, 600)
        whole = max(sum(wide), svg.width(word, 18) + 12)
        if x + whole > 736:
            x, y = 24, y + 54
        if y > bottom:
            shapes.append(svg.text(x, y - 8, "…", 18))
            return y
        wide = [whole * w // sum(wide) for w in wide]
        shapes.append(svg.text(x + whole // 2, y + 20, word, 18, text_anchor="middle"))
        left = x
        for p, b, w in zip(pieces, below, wide, strict=True):
            top, height = (y + 26, 20) if cut else (y, 46)
            shapes.insert(0, svg.box(left, top, w - 2, height, TINTS[p % len(TINTS)], rx=5))
            shapes.append(svg.text(left + w // 2 - 1, y + 40, b, 11, svg.SOFT, text_anchor="middle"))
            left += w
        x += whole + 4
    return y + 54


def _hex(shown: dict, piece: int) -> str:
    """The bytes of one token, "E5 9B"."""
    start, end = [0, *shown["ends"]][piece : piece + 2]
    return bytes.fromhex(shown["hex"])[start:end].hex(" ").upper()
