"""What the painter can do, read from the pixels of what it paints."""

import random

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from PIL import Image

from aigc_course.picture_oracle import judge, read, readable
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


def repainted(pipe, strength: float, n: int, seed: int) -> dict[str, float]:
    """Image to image: drawn pictures of a shape somewhere, and a prompt for another shape, colour and background.

    kept: background, colour, place and extent (within a quarter) as before; followed: those of the prompt.
    """
    image_to_image = StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False)
    image_to_image.set_progress_bar_config(disable=True)
    rng, kept, followed = random.Random(f"repaint {seed}"), [], []
    while len(kept) < n:
        before, after = sample(rng, "placed", test=True), sample(rng, "plain", test=True)
        [old], [new] = before.objects, after.objects
        if old.what == new.what or old.colour == new.colour or before.background == after.background:
            continue
        drawn = draw(before)
        out = image_to_image(
            caption(after, ("zh", "en")[len(kept) % 2]),
            image=Image.fromarray(drawn),
            strength=strength,
            num_inference_steps=SAMPLING_STEPS,
            guidance_scale=GUIDANCE,
            generator=torch.Generator().manual_seed(1000 * seed + len(kept)),
        )
        picture = np.asarray(out.images[0])
        was, now = read(drawn), read(picture)
        kept.append(
            was[0] == now[0]
            and len(now[1]) == 1
            and now[1][0].colour == old.colour
            and abs(now[1][0].x - was[1][0].x) + abs(now[1][0].y - was[1][0].y) < 0.06
            and 0.75 < now[1][0].area / was[1][0].area < 1.33
        )
        mark = judge(picture, after)
        followed.append(mark["background"] and mark["colour"] and mark["shape"])
    return {"kept": sum(kept) / n, "followed": sum(followed) / n}


def examine(pipe, seed: int) -> dict[str, float]:
    """Shares of pictures that are right in all that the oracle reads, three sampling seeds each, from captions never
    trained on: one shape (plain; wrong is the rest), one elsewhere, small or large, one whose colour and shape never
    met in training, two shapes. relation: that alone, of two. kept, followed: `repainted` at strengths .3 and .8.
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
    return found | {
        "kept_at_3": repainted(pipe, 0.3, 100, seed)["kept"],
        "followed_at_8": repainted(pipe, 0.8, 100, seed)["followed"],
    }
