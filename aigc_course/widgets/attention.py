"""The attention viewer: from a token, where does each head look, and what changes when a head is switched off?"""

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, chain, product

import numpy as np
import torch
from torch import Tensor
from traitlets import Dict, Int, List

from aigc_course import grammar, hub, lesson, sampling
from aigc_course.attention import Head, forward
from aigc_course.errors import CourseError
from aigc_course.heads import filled, head_means
from aigc_course.i18n import t
from aigc_course.tokens import utf8
from aigc_course.widgets import svg
from aigc_course.widgets.base import CourseWidget, page_files
from aigc_course.widgets.labels import characters, groups, piece_label, token_labels, token_pieces

LONGEST, MOST_TEXTS = 64, 8
REFERENCE = 128  # documents of the grammar over which the bundled model's heads are averaged
LIKELIEST, CANDIDATES = 5, 8  # at each place: of the whole model, and shown in all
STILL_HEADS, STILL_ACROSS, STILL_LOOKS, STILL_LINES = 12, 4, 3, 3


class AttentionViewer(CourseWidget):
    """Hover over a token: where each head looks from there, and the next token with and without a head.

    texts: one text or a few. model: a role of course.toml, or (model, tokenizer). focus: the token to look from at
    first: its place from 0, or a word (the token that ends its last occurrence); None: each text's last token.
    head: (layer, head) chosen at first; None: the one whose absence changes the prediction there most. A head that is
    switched off says its mean (`heads.head_means`) over reference: texts; None: 128 documents of the grammar for the
    bundled "lm", else the texts themselves. Everything is computed here, once; the page needs no Python.
    """

    _esm, _css = page_files(__file__)

    texts = List(Dict(), help="what `_shown` says of each text").tag(sync=True)
    size = List(Int(), help="[layers, heads per layer]").tag(sync=True)
    chosen = Int(help="the head shown first: layer · heads per layer + head").tag(sync=True)
    reference = Dict(help="what the means are taken over: {zh, en}").tag(sync=True)

    def __init__(
        self,
        texts: str | Sequence[str],
        model="lm",
        focus: int | str | None = None,
        head: Head | None = None,
        reference: Sequence[str] | None = None,
        **kwargs,
    ) -> None:
        asked = _texts(texts)
        network, tokenizer = hub.load_lm(model) if isinstance(model, str) else model
        read = [_read(tokenizer, text) for text in asked]
        places = _places(focus, [token_pieces(tokenizer, ids) for ids in read])
        config, weights = network.config, network.state_dict()
        means, words = _means(weights, config, tokenizer, model, read, reference)
        size = [config.num_hidden_layers, config.num_attention_heads]
        shown = _shown(weights, config, tokenizer, read, means)
        effects = np.frombuffer(shown[0]["effects"], np.uint8).reshape(len(read[0]), -1)
        chosen = int(effects[places[0]].argmax()) if head is None else _flat(head, size)
        shown = [one | {"text": text, "focus": at} for one, text, at in zip(shown, asked, places, strict=True)]
        super().__init__(texts=shown, size=size, chosen=chosen, reference=words, **kwargs)

    def static_svg(self) -> str:
        """The first text, where each head looks from its focus, and what comes next there."""
        one = self.texts[0]
        n, place, labels, total = len(one["labels"]), one["focus"], one["labels"], self.size[0] * self.size[1]
        seen = np.frombuffer(one["attention"], np.uint8).reshape(total, n, n)[:, place] / 255
        effects = np.frombuffer(one["effects"], np.uint8).reshape(n, total)[place] / 255
        title = t("注意力观察器", "The attention viewer")
        shapes = [svg.text(24, 36, title, 18, font_weight=600)]
        y = _still_tokens(labels, place, shapes) + 26
        name = svg.fit(labels[place].removeprefix("␣") or "␣", 15, 200)
        shapes.append(svg.text(24, y, t(f"各个头从“{name}”看哪里", f'Where each head looks from "{name}"'), 15))
        note = t("头（层，号）；“关掉”：没有它，多少概率转走", "head (layer, number); off: how much moves without it")
        shapes.append(svg.text(736, y, note, 13, svg.SOFT, text_anchor="end"))
        # of many heads those that matter most here, in the order of their layers
        for i, head in enumerate(sorted(np.argsort(-effects, kind="stable")[:STILL_HEADS].tolist())):
            x, top = 24 + i % STILL_ACROSS * 180, y + 16 + i // STILL_ACROSS * 100
            _still_head(divmod(head, self.size[1]), seen[head], effects[head], labels, (x, top), shapes)
        y += 16 + (min(total, STILL_HEADS) + STILL_ACROSS - 1) // STILL_ACROSS * 100 + 22
        chances = np.frombuffer(one["shares"], "<u2").reshape(1 + total, n, -1)[0, place] / 65535
        likely = [f"{label} {_percent(p)}" for label, p in zip(one["candidates"][place], chances, strict=True)]
        line = t(f"“{name}”之后，模型预测：", f'After "{name}" the model expects: ') + " · ".join(likely[:STILL_LOOKS])
        shapes.append(svg.text(24, y, svg.fit(line, 15, 712), 15))
        note = t("静态图；运行单元格就能换 token、开关头", "A still picture: run the cell to move over it")
        shapes.append(svg.text(736, y + 26, note, 13, svg.SOFT, text_anchor="end"))
        return svg.picture(760, y + 40, title, shapes)


def _still_tokens(labels: list[str], place: int, shapes: list[str]) -> int:
    """Append the lines of tokens up to that of the focus, the last few; the height below them."""
    lines, x = [[]], 24
    for i, label in enumerate(labels):
        word = svg.fit(label, 17, 300)
        wide = svg.width(word, 17) + 14
        if x + wide > 736:
            lines, x = [*lines, []], 24
        lines[-1].append((i, x, wide, word))
        x += wide + 5
    last = next(k for k, line in enumerate(lines) if line[-1][0] >= place)
    first = max(0, last - STILL_LINES + 1)
    if first:
        shapes.append(svg.text(8, 76, "…", 16))
    for k, line in enumerate(lines[first : last + 1]):
        for i, x, wide, word in line:
            frame = {"stroke": svg.MODEL, "stroke_width": 3} if i == place else {"stroke": svg.LINE}
            shapes.append(svg.box(x, 54 + 40 * k, wide, 32, svg.PANEL if i <= place else svg.PAPER, rx=6, **frame))
            colour = svg.INK if i <= place else svg.SOFT
            shapes.append(svg.text(x + wide // 2, 76 + 40 * k, word, 17, colour, text_anchor="middle"))
    return 54 + 40 * (last - first + 1)


def _still_head(
    head: Head, seen: np.ndarray, effect: float, labels: list[str], corner: tuple[int, int], shapes: list[str]
) -> None:
    """Append the places that a head looks at most: seen (n,) are its shares."""
    x, y = corner
    shapes.append(svg.text(x, y + 14, t("头 ({}, {})", "head ({}, {})").format(*head), 14, font_weight=600))
    off = t("关掉 ", "off ") + _percent(effect)
    shapes.append(svg.text(x + 164, y + 14, off, 12, svg.SOFT, text_anchor="end"))
    for k, i in enumerate(np.argsort(-seen, kind="stable")[:STILL_LOOKS].tolist()):
        if (line := y + 22 + 22 * k) and seen[i] < 0.01:
            break
        shapes.append(svg.text(x + 70, line + 15, svg.fit(labels[i], 14, 70), 14, text_anchor="end"))
        shapes.append(svg.box(x + 76, line + 4, max(1, round(52 * seen[i])), 13, svg.TRUTH, rx=2))
        shapes.append(svg.text(x + 164, line + 15, _percent(seen[i]), 13, text_anchor="end"))


def _percent(share: float) -> str:
    """0.348 → "35%", as in the page; what is there but small is not called 0."""
    return "<1%" if 0 < share < 0.005 else f"{round(100 * share)}%"


# ---- what is asked --------------------------------------------------------------------------------------------------


def _texts(texts: str | Sequence[str]) -> list[str]:
    found = [texts] if isinstance(texts, str) else list(texts) if isinstance(texts, Sequence) else []
    if not 1 <= len(found) <= MOST_TEXTS or not all(isinstance(text, str) for text in found):
        raise CourseError(
            f"请给一段文本，或者一个列表，里面有 1 到 {MOST_TEXTS} 段文本。",
            f"Give one text, or a list of 1 to {MOST_TEXTS} texts.",
        )
    return found


def _read(tokenizer, text: str) -> list[int]:
    """The text's token ids; CourseError where there is nothing to look at, or too much."""
    utf8(text)
    ids = sampling.encode(tokenizer, text)
    if len(ids) < 2:
        raise CourseError(
            "这段文本不到两个 token，没有什么可看的，请写长一点。",
            "This text has fewer than two tokens, so there is nothing to look at: write a longer one.",
        )
    if len(ids) > LONGEST:
        raise CourseError(
            f"这段文本有 {len(ids)} 个 token，这里最多显示 {LONGEST} 个，请删短一些。",
            f"This text has {len(ids)} tokens; {LONGEST} is the most that can be shown: make it shorter.",
        )
    return ids


def _places(focus: int | str | None, texts: list[list[bytes]]) -> list[int]:
    """The place of the focus in each text, given as the bytes of its tokens."""
    if focus is None:
        return [len(pieces) - 1 for pieces in texts]
    if isinstance(focus, str):
        found = [_last(focus.encode("utf-8"), pieces) if focus else None for pieces in texts]
        if all(at is None for at in found):
            raise CourseError(
                f"哪段文本里都没有“{focus}”：focus 要是文本里的词。",
                f"No text holds “{focus}”: focus must be a word of a text.",
            )
        return [len(pieces) - 1 if at is None else at for at, pieces in zip(found, texts, strict=True)]
    shortest = min(map(len, texts))
    if type(focus) is not int or not 0 <= focus < shortest:
        raise CourseError(
            f"focus 要是 0 到 {shortest - 1} 的整数，或者文本里的一个词，现在是 {focus}。",
            f"focus must be a whole number from 0 to {shortest - 1}, or a word of the text, but it is {focus}.",
        )
    return [focus] * len(texts)


def _last(word: bytes, pieces: list[bytes]) -> int | None:
    """The token that holds the last byte of the last occurrence of a word."""
    start = b"".join(pieces).rfind(word)
    ends = accumulate(map(len, pieces))
    return None if start < 0 else next(i for i, end in enumerate(ends) if end >= start + len(word))


def _flat(head: Head, size: list[int]) -> int:
    if not (isinstance(head, Sequence) and len(head) == 2 and all(type(i) is int for i in head)) or not all(
        0 <= i < n for i, n in zip(head, size, strict=True)
    ):
        raise CourseError(
            f"没有 {head} 这个头：head 是（层，头），层从 0 到 {size[0] - 1}，头从 0 到 {size[1] - 1}。",
            f"There is no head {head}: head is (layer, head), layers go from 0 to {size[0] - 1}, "
            f"heads from 0 to {size[1] - 1}.",
        )
    return head[0] * size[1] + head[1]


# ---- what is computed -----------------------------------------------------------------------------------------------


def _batch(weights: Mapping[str, Tensor], texts: list[list[int]]) -> tuple[Tensor, Tensor]:
    """`heads.filled` where the weights are."""
    ids, real = (x.to(weights["model.norm.weight"].device) for x in filled(texts))
    return ids, real


def _means(
    weights: Mapping[str, Tensor], config, tokenizer, model, read: list[list[int]], reference: Sequence[str] | None
) -> tuple[Tensor, dict[str, str]]:
    """(the heads' means (layers, heads, d), what they are taken over in words)."""
    if reference is not None:
        if isinstance(reference, str) or not reference or not all(isinstance(text, str) for text in reference):
            raise CourseError(
                "reference 要是一个列表，里面至少有一段文本。", "reference must be a list of texts, one or more."
            )
        texts = [sampling.encode(tokenizer, text) for text in reference]
        words = {"zh": f"{len(texts)} 段给定的文本", "en": f"{len(texts)} given texts"}
    elif model == "lm" and lesson.tier() == "cpu":
        rng = random.Random(0)
        texts = [sampling.encode(tokenizer, grammar.sample(rng)) for _ in range(REFERENCE)]
        words = {
            "zh": f"它学的语法写出的 {REFERENCE} 段文本",
            "en": f"{REFERENCE} texts of its grammar",
        }
    else:
        texts, words = read, {"zh": f"这里的 {len(read)} 段文本", "en": f"the {len(read)} texts shown here"}
        if len(read) == 1:
            words = {"zh": "这一段文本", "en": "this text alone"}
    return head_means(weights, config, *_batch(weights, texts)), words


def _shown(weights: Mapping[str, Tensor], config, tokenizer, texts: list[list[int]], means: Tensor) -> list[dict]:
    """What the page needs of each text of n tokens, with H heads in all, layer by layer.

    labels: of the tokens; shared: [[character, first token, end]] where several tokens make up a character;
    attention (H, n, n): in 255ths, from, to; candidates (n, k): labels of next tokens, of which true (n,) comes next
    in the text, -1 at the end; shares (1 + H, n, k): their probabilities in 65535ths, whole, then without each head;
    effects (n, H): how much of the probability goes to other tokens without the head (total variation), in 255ths.
    """
    ids, real = _batch(weights, texts)
    heads = list(product(range(config.num_hidden_layers), range(config.num_attention_heads)))

    def without_each() -> Iterator[Tensor]:
        """(texts, n, vocab) for each head that is off; made anew each time: all at once may not fit."""
        for head in heads:
            yield forward(weights, config, ids, real, ablate={head: means[head]}).logits.float().softmax(-1)

    read = forward(weights, config, ids, real, keep=True)
    attention = torch.stack(read.attention)
    whole = best = read.logits.float().softmax(-1)
    effects = []
    for changed in without_each():
        best = torch.maximum(best, changed)
        effects.append((changed - whole).abs().sum(-1) / 2)
    chosen, true = _candidates(whole, best, ids, real)
    shares = torch.stack([each.gather(-1, chosen) for each in chain([whole], without_each())])
    return [
        _labelled(tokenizer, text, chosen[i, : len(text)].tolist())
        | {
            "true": true[i, : len(text)].tolist(),
            "attention": _bytes(attention[:, i, :, : len(text), : len(text)].flatten(0, 1), "u1"),
            "shares": _bytes(shares[:, i, : len(text)], "<u2"),
            "effects": _bytes(torch.stack(effects)[:, i, : len(text)].T, "u1"),
        }
        for i, text in enumerate(texts)
    ]


def _candidates(whole: Tensor, best: Tensor, ids: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """The next tokens to show, likeliest first: (texts, n, k) ids, and (texts, n) which of them the text goes on with.

    These are the true one, the likeliest of the whole model, then whatever gets likely (`best`) without some head.
    """
    after, known = ids.roll(-1, 1)[..., None], real.roll(-1, 1)[..., None].clone()
    known[:, -1] = False
    worth = best.scatter(-1, whole.topk(min(LIKELIEST, whole.shape[-1])).indices, 2.0)
    worth = worth.scatter(-1, after, torch.where(known, 3.0, worth.gather(-1, after)))
    chosen = worth.topk(min(CANDIDATES, worth.shape[-1])).indices
    order = whole.gather(-1, chosen).argsort(dim=-1, descending=True, stable=True)
    chosen = chosen.gather(-1, order)
    true = (chosen == after).int().argmax(-1)
    return chosen, true.masked_fill(~known[..., 0], -1)


def _labelled(tokenizer, read: list[int], chosen: list[list[int]]) -> dict[str, list]:
    """The names of a text's tokens, of characters cut into several, and of the next tokens at each place."""
    pieces = token_pieces(tokenizer, read)
    found = characters(b"".join(pieces))
    runs = groups([size for _, size in found], [len(piece) for piece in pieces])
    named = sorted({i for row in chosen for i in row})
    names = dict(zip(named, token_labels(tokenizer, named), strict=True))
    return {
        "labels": [piece_label(piece) or "∅" for piece in pieces],
        "shared": [["".join(found[c][0] for c in chars), run.start, run.stop] for chars, run in runs if len(run) > 1],
        "candidates": [[names[i] or "∅" for i in row] for row in chosen],
    }


def _bytes(shares: Tensor, kind: str) -> bytes:
    """Numbers from 0 to 1 as whole numbers of this kind, from 0 to its largest."""
    kind = np.dtype(kind)
    return (shares.double().cpu().numpy().clip(0, 1) * np.iinfo(kind).max).round().astype(kind).tobytes()
