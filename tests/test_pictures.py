"""The drawn pictures, and whether the oracle reads them."""

import random
from itertools import product

import numpy as np
import pytest

from aigc_course.picture_oracle import extent, judge, read
from aigc_course.pictures import BACKGROUNDS, COLOURS, RELATIONS, SHAPES, SIDE, THINGS, Scene, Thing, caption, draw

MOVES = {"left of": (-0.24, 0), "right of": (0.24, 0), "above": (0, -0.24), "below": (0, 0.24)}


def pair(rng: random.Random, relation: str) -> Scene:
    dx, dy = MOVES[relation]
    first, second = rng.sample(list(COLOURS), 2)
    objects = (
        Thing(rng.choice(SHAPES), first, 0.5 + dx, 0.5 + dy, 0.19),
        Thing(rng.choice(SHAPES), second, 0.5 - dx, 0.5 - dy, 0.19),
    )
    return Scene(rng.choice(list(BACKGROUNDS)), objects, relation)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_oracle_reads_each_shape_in_each_colour_also_with_noise(shape):
    rng, noise = random.Random(shape), np.random.default_rng(0)
    for colour, background in product(COLOURS, BACKGROUNDS):
        at = [0.5 + rng.uniform(-0.08, 0.08) for _ in range(2)]
        scene = Scene(background, (Thing(shape, colour, *at, rng.uniform(0.22, 0.34)),))
        picture = draw(scene)
        assert picture.shape == (SIDE, SIDE, 3) and picture.dtype == np.uint8
        grainy = np.clip(picture + noise.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)
        for seen in (picture, grainy):
            assert all(judge(seen, scene).values()), (scene, read(seen))
        [thing] = read(picture)[1]
        assert abs(thing.x - at[0]) < 0.03


def test_the_extent_is_that_of_the_thing_whatever_its_colours():
    picture = draw(Scene("grey", (Thing("square", "red", 0.3, 0.65, 0.2),)))
    x, y, area = extent(picture)
    [thing] = read(picture)[1]
    assert (x, y) == (thing.x, thing.y) and area == pytest.approx(thing.area, rel=0.05)
    half = picture.copy()
    half[:, : int(x * SIDE)][picture[:, : int(x * SIDE), 0] > 180] = COLOURS["blue"]
    assert {one.colour for one in read(half)[1]} == {"red", "blue"}
    assert extent(half) == (x, y, pytest.approx(area, rel=0.1))
    assert extent(draw(Scene("grey", ()))) == (0.5, 0.5, 0.0)


@pytest.mark.parametrize("relation", RELATIONS)
def test_two_objects_and_their_relation(relation):
    rng = random.Random(relation)
    scenes = [pair(rng, relation) for _ in range(100)]
    marks = [judge(draw(scene), scene) for scene in scenes]
    assert all(mark["relation"] and mark["colour"] and mark["background"] for mark in marks)
    assert sum(mark["shape"] for mark in marks) >= 97
    other = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}[relation]
    assert not any(judge(draw(s), Scene(s.background, s.objects, other))["relation"] for s in scenes)


def test_what_is_wrong_is_seen():
    right = Scene("white", (Thing("circle", "red"),))
    for wrong, mark in (
        (Scene("black", right.objects), "background"),
        (Scene("white", (Thing("circle", "orange"),)), "colour"),
        (Scene("white", (Thing("square", "red"),)), "shape"),
        (Scene("white", (Thing("heart", "red"),)), "shape"),
        (Scene("white", ()), "shape"),
    ):
        assert not judge(draw(wrong), right)[mark]


def test_captions_in_both_languages():
    scene = Scene("white", (Thing("circle", "red"),))
    assert caption(scene, "en") == "a red circle on a white background"
    assert caption(scene, "zh") == "白色背景上的红色圆形"
    house = Scene("pale blue", (Thing("house", "orange"),))
    assert caption(house, "en") == "an orange house on a pale blue background"
    assert caption(house, "zh") == "浅蓝色背景上的橙色房子"
    two = pair(random.Random(1), "above")
    for lang in ("zh", "en"):
        assert len({caption(two, lang, form) for form in range(2)}) == 2
        assert len({caption(scene, lang, form) for form in range(4)}) == 4


def test_known_things_differ_from_each_other():
    drawn = [draw(Scene("white", (Thing(what, "orange"),))).astype(int) for what in THINGS]
    for i, one in enumerate(drawn):
        assert all(abs(one - other).mean() > 5 for other in drawn[:i])
