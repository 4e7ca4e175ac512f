"""Scenes drawn at random for the painter to learn from, and those that are kept for its examination."""

import hashlib
import random
from collections.abc import Sequence
from itertools import product

from aigc_course.pictures import BACKGROUNDS, COLOURS, RELATIONS, SHAPES, THINGS, Scene, Thing, caption

KINDS = ("plain", "sized", "placed", "thing", "pair")
UNSEEN = {("purple", "star"), ("orange", "heart"), ("green", "diamond"), ("yellow", "triangle")}  # never trained on
PLAIN_SIZE = 0.27, 0.34
ASIDE = {"left of": (-1, 0), "right of": (1, 0), "above": (0, -1), "below": (0, 1)}


def _unseen(scene: Scene) -> bool:
    return any((o.colour, o.what) in UNSEEN for o in scene.objects)


def kept_for_test(scene: Scene) -> bool:
    """Whether no painter trains on scenes that are described so: a quarter of all, by hash, and UNSEEN."""
    return _unseen(scene) or hashlib.sha256(caption(scene, "en").encode()).digest()[0] % 4 == 0


def sample(rng: random.Random, kind: str, test: bool = False) -> Scene:
    """A scene of one of KINDS, or of "three" shapes, on which no painter is trained. test: one that is kept for the
    examination (none of UNSEEN), or one to train on."""
    while True:
        scene = _sample(rng, kind)
        if not _unseen(scene) and kept_for_test(scene) == test:
            return scene


def _sample(rng: random.Random, kind: str) -> Scene:
    background = rng.choice(list(BACKGROUNDS))
    if kind == "three":
        across, down = rng.choice((-1, 1)), rng.choice((-1, 1))
        spots = (
            (0.5 - 0.24 * across, 0.5 - 0.21 * down),
            (0.5 + 0.24 * across, 0.5 - 0.21 * down),
            (0.5, 0.5 + 0.24 * down),
        )
        what = [rng.choice(SHAPES) for _ in spots]
        colours = rng.sample(list(COLOURS), 3)
        objects = tuple(Thing(w, c, x, y, 0.18) for w, c, (x, y) in zip(what, colours, spots, strict=True))
        return Scene(background, objects, "left of" if across > 0 else "right of")
    if kind == "pair":
        relation = rng.choice(RELATIONS)
        dx, dy = (0.24 * d for d in ASIDE[relation])
        what = [rng.choice(THINGS if rng.random() < 0.25 else SHAPES) for _ in range(2)]
        colours = rng.sample(list(COLOURS), 2)
        objects = tuple(
            Thing(w, c, 0.5 + s * dx + _about(rng, 0.03), 0.5 + s * dy + _about(rng, 0.03), rng.uniform(0.17, 0.21))
            for w, c, s in zip(what, colours, (1, -1), strict=True)
        )
        return Scene(background, objects, relation)
    what, colour = rng.choice(THINGS if kind == "thing" else SHAPES), rng.choice(list(COLOURS))
    x, y, size = 0.5, 0.5, rng.uniform(*PLAIN_SIZE)
    if kind == "placed" or (kind == "thing" and rng.random() < 0.3):
        column, row = rng.choice([d for d in product((-1, 0, 1), repeat=2) if d != (0, 0)])
        small = rng.random() < 0.5
        size = rng.uniform(0.15, 0.19) if small else rng.uniform(0.225, 0.255)
        reach = 0.27 if small else 0.2
        x, y = x + column * reach, y + row * reach
    elif kind == "sized" or (kind == "thing" and rng.random() < 0.3):
        size = rng.choice((rng.uniform(0.14, 0.19), rng.uniform(0.385, 0.43)))
    return Scene(background, (Thing(what, colour, x + _about(rng, 0.03), y + _about(rng, 0.03), size),))


def _about(rng: random.Random, spread: float) -> float:
    return rng.uniform(-spread, spread)


def examination(kind: str, n: int, seed: str = "test") -> list[tuple[Scene, str]]:
    """n different (scene, caption) of a kind that no painter trained on, Chinese and English in turn; fewer if there
    are no more. kind: of KINDS, or what no painter was ever shown: "unseen", single shapes in a colour that they never
    had, or "three", one shape more than a picture had."""
    rng, found, idle = random.Random(f"{seed} {kind}"), {}, 0
    while len(found) < n and idle < 5000:
        if kind == "unseen":
            colour, shape = rng.choice(sorted(UNSEEN))
            scene = Scene(rng.choice(list(BACKGROUNDS)), (Thing(shape, colour),))
        else:
            scene = sample(rng, kind, test=True)
        text = caption(scene, ("zh", "en")[len(found) % 2], rng.randrange(4))
        idle = idle + 1 if text in found else 0
        found.setdefault(text, scene)
    return [(scene, text) for text, scene in found.items()]


def captions_of(scenes: Sequence[Scene], rng: random.Random) -> list[str]:
    """One caption for each scene, in a language and form drawn at random."""
    return [caption(scene, rng.choice(("zh", "en")), rng.randrange(4)) for scene in scenes]
