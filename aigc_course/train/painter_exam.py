"""What the painter can do, read from the pixels of what it paints."""

import random

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from PIL import Image

from aigc_course.picture_oracle import extent, judge, read, readable
from aigc_course.pictures import caption, draw
from aigc_course.scenes import examination, sample

GUIDANCE, SAMPLING_STEPS = 3.0, 20
EXAM = {"plain": 336, "placed": 100, "sized": 100, "unseen": 160, "pair": 200}  # captions asked, of each kind


def paint(pipe, prompts: list[str], seed: int, batch: int = 16) -> list[np.ndarray]:
    """Pictures (64, 64, 3), uint8, one for each prompt; each has its own generator, so the batch does not matter."""
    made = []
    for i in range(0, len(prompts), batch):
        part = prompts[i : i + batch]
        generators = [torch.Generator().manual_seed(1000 * seed + i + j) for j in range(len(part))]
        out = pipe(part, num_inference_steps=SAMPLING_STEPS, guidance_scale=GUIDANCE, generator=generators)
        made += [np.asarray(picture) for picture in out.images]
    return made


def marks(pipe, kind: str, n: int, seed: int) -> list[dict[str, bool]]:
    """What the oracle says of pictures painted from n captions of the examination (shapes only: it reads no others)."""
    asked = [(s, c) for s, c in examination(kind, 2 * n) if readable(s)][:n]
    return [
        judge(p, s) | {"zh": not c.isascii()}
        for p, (s, c) in zip(paint(pipe, [c for _, c in asked], seed), asked, strict=True)
    ]


def repainted(pipe, strength: float, n: int, seed: int) -> list[dict[str, bool]]:
    """Image to image: drawn pictures of a shape somewhere, and a prompt for another shape, colour and background.

    layout: place and extent (within a quarter) as before; kept: background and colour, too; followed: background,
    colour and shape are the prompt's.
    """
    image_to_image = StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False)
    image_to_image.set_progress_bar_config(disable=True)
    rng, told = random.Random(f"repaint {seed}"), []
    while len(told) < n:
        before, after = sample(rng, "placed", test=True), sample(rng, "plain", test=True)
        [old], [new] = before.objects, after.objects
        if old.what == new.what or old.colour == new.colour or before.background == after.background:
            continue
        drawn = draw(before)
        out = image_to_image(
            caption(after, ("zh", "en")[len(told) % 2]),
            image=Image.fromarray(drawn),
            strength=strength,
            num_inference_steps=SAMPLING_STEPS,
            guidance_scale=GUIDANCE,
            generator=torch.Generator().manual_seed(1000 * seed + len(told)),
        )
        picture = np.asarray(out.images[0])
        (x, y, area), (x_now, y_now, area_now) = extent(drawn), extent(picture)
        layout = abs(x_now - x) + abs(y_now - y) < 0.06 and 0.75 < area_now / area < 1.33
        background, seen = read(picture)
        mark = judge(picture, after)
        told.append(
            {
                "layout": layout,
                "kept": layout and background == before.background and [one.colour for one in seen] == [old.colour],
                "followed": mark["background"] and mark["colour"] and mark["shape"],
            }
        )
    return told


def examine(pipe) -> dict[str, float]:
    """Shares of pictures that are right in all that the oracle reads, three sampling seeds each, from captions never
    trained on: one shape (plain; wrong is the rest), one elsewhere, small or large, one whose colour and shape never
    met in training, two shapes. relation: that alone, of two. layout, kept, followed: `repainted` at strengths .3 and
    .8.
    """
    found: dict[str, float] = {}
    for kind, n in EXAM.items():
        told = [mark for s in (1, 2, 3) for mark in marks(pipe, kind, n, s)]
        right = [all(v for k, v in mark.items() if k != "zh") for mark in told]
        found[kind] = sum(right) / len(right)
        if kind == "plain":
            for lang in ("zh", "en"):
                part = [r for r, mark in zip(right, told, strict=True) if mark["zh"] == (lang == "zh")]
                found[f"plain_{lang}"] = sum(part) / len(part)
            found |= {"wrong": 1 - found["plain"], "n": len(told)}
        if kind == "pair":
            found["relation"] = sum(mark["relation"] for mark in told) / len(told)
    weak, strong = ([m for s in (1, 2, 3) for m in repainted(pipe, strength, 100, s)] for strength in (0.3, 0.8))
    return found | {
        "layout_at_3": sum(m["layout"] for m in weak) / len(weak),
        "kept_at_3": sum(m["kept"] for m in weak) / len(weak),
        "followed_at_8": sum(m["followed"] for m in strong) / len(strong),
    }
