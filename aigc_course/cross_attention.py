"""Where the words of a prompt act in a picture: the UNet's cross-attention, watched while it paints."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from aigc_course.diffusion import Step, denoise
from aigc_course.errors import CourseError
from aigc_course.tokens import checked
from aigc_course.train.painter_tokens import CHINESE, ENGLISH


def words_of(painter, prompt: str) -> list[tuple[str, list[int]]]:
    """The words of a prompt, each with the places of its tokens among the prompt's: [("red", [2]), …].

    Letters in a row are one word, and so are the bytes of one character; Chinese is cut as the tokenizer cuts it.
    """
    if not isinstance(prompt, str):
        raise CourseError(f"提示词要是一段文字，{prompt!r} 不是。", f"A prompt must be a text; {prompt!r} is not.")
    found, end = [], 0
    spans = painter.tokenizer(checked(prompt), return_offsets_mapping=True).offset_mapping
    for place, (first, last) in enumerate(spans):
        if first == last:  # start and end of the prompt
            continue
        if found and (first < end or (first == end and _letters(prompt[first - 1 : first + 1]))):
            begun, places = found[-1]
            found[-1] = begun, [*places, place]
        else:
            found.append((first, [place]))
        end = last
    return [(prompt[first : spans[places[-1]][1]], places) for first, places in found]


def unknown_words(painter, prompt: str) -> list[str]:
    """What the bundled painter never saw in a caption; always empty for a painter with a tokenizer of its own."""
    learned = {*CHINESE.split(), *ENGLISH.split()}
    if any(len(ids) != 3 for ids in painter.tokenizer(sorted(learned)).input_ids):  # start, the word, end
        return []
    unknown, last = [], None
    for word, places in words_of(painter, prompt):
        if len(places) == 1 and word.lower() in learned:
            continue
        if unknown and last == places[0] - 1 and _no_spaces(unknown[-1] + word):
            unknown[-1] += word  # 恐 and 龙 in a row are 恐龙
        else:
            unknown.append(word)
        last = places[-1]
    return list(dict.fromkeys(unknown))


@dataclass(frozen=True)
class Attention:
    """maps (steps, words, height, width): the share of each place's attention that goes to a word, from 0 to 1; what is
    missing to 1 goes to the start and the end of the prompt. path: the painting that was watched."""

    words: list[str]
    maps: Tensor
    path: list[Step]


def cross_layers(painter) -> list[str]:
    """The names of the UNet's layers in which the picture looks at the prompt."""
    return [name.removesuffix(".processor") for name in painter.unet.attn_processors if "attn2" in name]


@contextmanager
def watched(painter, layers: Sequence[str] | None = None) -> Iterator[dict[str, list[Tensor]]]:
    """While it is open, these cross-attention layers (all, if None) note what they do, and do what they did.

    {layer: one tensor (pictures, places, tokens) for each call of the UNet, mean over the heads, its rows summing to 1}
    CourseError for a layer that the painter does not have.
    """
    known = cross_layers(painter)
    for name in layers or ():
        _one_of("layer", name, known)
    seen = {name: [] for name in (known if layers is None else layers)}
    before = painter.unet.attn_processors
    watching = {name: _Watching(old, seen.get(name.removesuffix(".processor"))) for name, old in before.items()}
    painter.unet.set_attn_processor(watching)
    try:
        yield seen
    finally:
        painter.unet.set_attn_processor(before)


class _Watching:
    """An attention processor of diffusers that notes the attention and leaves the work to the one it wraps."""

    def __init__(self, inner, notes: list[Tensor] | None):
        self.inner, self.notes = inner, notes

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, temb=None):
        if self.notes is not None:
            q, k = (attn.head_to_batch_dim(x) for x in (attn.to_q(hidden_states), attn.to_k(encoder_hidden_states)))
            shares = attn.get_attention_scores(q, k, attention_mask).unflatten(0, (-1, attn.heads))
            self.notes.append(shares.float().mean(1).cpu())
        return self.inner(attn, hidden_states, encoder_hidden_states, attention_mask, temb)


def attention_maps(
    painter,
    prompt: str,
    seed: int | torch.Generator = 0,
    resolution: int | None = None,
    layer: str | None = None,
    **settings,
) -> Attention:
    """Paint one picture and map where each word acted at each step (cross-attention; Hertz et al. 2022,
    arXiv:2208.01626), mean over the heads and layers.

    resolution: height of the layers to take, by default the finest up to 16, where maps show most; layer: only this one
    of `cross_layers`. settings: as for `denoise`. CourseError for a layer or resolution that the painter does not have.
    """
    if not (words := words_of(painter, prompt)):
        raise CourseError(
            "提示词里没有词，画不出注意力图。", "There are no words in the prompt to map: write at least one."
        )
    with watched(painter, None if layer is None else [layer]) as seen:
        path = denoise(painter, prompt, seed, **settings)
    if len(path[0].before) > 1:
        raise CourseError(
            "注意力图一次只看一幅画：种子、反向提示词、起点都只给一个。",
            "Attention maps look at one picture: give one seed, negative prompt and start.",
        )
    height, width = path[0].before.shape[-2:]
    heights = {name: round(height * (notes[0].shape[1] / (height * width)) ** 0.5) for name, notes in seen.items()}
    if resolution is None:
        resolution = max((h for h in heights.values() if h <= 16), default=min(heights.values()))
    _one_of("resolution", resolution, sorted(set(heights.values())))
    told = [torch.stack(notes)[:, -1] for name, notes in seen.items() if heights[name] == resolution]
    shares = torch.stack(told).mean(0).unflatten(1, (resolution, -1))  # (steps, height, width, tokens)
    maps = torch.stack([shares[..., places].sum(-1) for _, places in words], 1)
    return Attention([word for word, _ in words], maps, path)


def _letters(text: str) -> bool:
    """Whether all characters are letters or digits of a script that separates its words."""
    return all(c.isalnum() and c < "\u2e80" for c in text)


def _no_spaces(text: str) -> bool:
    """Whether all characters are of a script that does not, such as Chinese."""
    return text.isalnum() and min(text) >= "\u2e80"


def _one_of(name: str, value, known: Sequence) -> None:
    if value not in known:
        listed = ", ".join(map(str, known))
        raise CourseError(
            f"没有 {name}={value}，这个模型可选：{listed}。", f"There is no {name}={value}: this model has {listed}."
        )
