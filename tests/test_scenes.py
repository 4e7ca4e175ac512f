"""What the painter learns from and is examined with, and its tokenizer."""

import random
from itertools import product

import pytest
from transformers import CLIPTokenizer

from aigc_course.picture_oracle import judge
from aigc_course.pictures import BACKGROUNDS, COLOURS, RELATIONS, SHAPES, THINGS, Scene, Thing, caption, draw
from aigc_course.scenes import KINDS, UNSEEN, captions_of, examination, kept_for_test, sample
from aigc_course.train.painter_tokens import CHINESE, ENGLISH, build_tokenizer


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_trained_on_is_never_asked(kind):
    rng = random.Random(kind)
    trained = [sample(rng, kind) for _ in range(600)]
    said = {caption(s, lang, form) for s in trained for lang in ("zh", "en") for form in range(4)}
    asked = examination(kind, 300)
    assert len(asked) == len({text for _, text in asked}) == 300
    assert not said & {text for _, text in asked}
    assert all(kept_for_test(scene) for scene, _ in asked)
    assert not any((o.colour, o.what) in UNSEEN for s in trained for o in s.objects)


def test_unseen_pairs_are_asked_apart():
    asked = examination("unseen", 500)
    assert {(s.objects[0].colour, s.objects[0].what) for s, _ in asked} == UNSEEN
    assert len(asked) == len(UNSEEN) * len(BACKGROUNDS) * 8  # each in two languages and four forms


def test_half_of_the_questions_are_chinese_and_the_same_each_time():
    asked = examination("pair", 100)
    assert sum(text.isascii() for _, text in asked) == 50
    assert asked == examination("pair", 100)


@pytest.mark.parametrize(("kind", "least"), [("plain", 1), ("sized", 0.97), ("placed", 0.97)])
def test_the_oracle_reads_single_shapes_and_their_place(kind, least):
    """A star of 20 pixels now and then looks like a diamond."""
    asked = examination(kind, 300)
    assert sum(all(judge(draw(scene), scene).values()) for scene, _ in asked) >= least * len(asked)


def test_the_place_that_is_said_is_where_it_is():
    there = Scene("white", (Thing("circle", "red", 0.25, 0.75, 0.2),))
    assert caption(there, "en") == "a small red circle at the bottom left of a white background"
    assert caption(there, "zh") == "白色背景左下角的红色小圆形"
    assert not judge(draw(there), Scene("white", (Thing("circle", "red"),)))["place"]
    big = Scene("grey", (Thing("cat", "blue", size=0.4),))
    assert caption(big, "en", 3) == "a grey background with a large blue cat"
    assert caption(big, "zh", 2) == "灰色背景上有一只蓝色大猫"
    assert caption(Scene("grey", (Thing("tree", "green"),)), "zh", 3) == "一棵绿色的树，灰色背景"


def test_each_word_is_one_token_and_nothing_falls_apart():
    tokenizer = build_tokenizer()
    for word in (*ENGLISH.split(), *CHINESE.split()):
        assert len(tokenizer(word).input_ids) == 3, word
    rng = random.Random(1)
    letters = {f"{a}</w>" for a in "a,"}  # the one-letter words
    for kind in KINDS:
        for text in captions_of([sample(rng, kind) for _ in range(300)], rng):
            tokens = tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids)[1:-1]
            assert len(tokens) <= tokenizer.model_max_length - 2
            assert all(len(token.removesuffix("</w>")) > 1 or token in letters for token in tokens), (text, tokens)
            if text.isascii():
                assert len(tokens) == len(text.replace(",", " ,").split())


def test_the_words_of_all_captions_are_the_words_of_the_tokenizer():
    tokenizer, known = build_tokenizer(), {*ENGLISH.split()}
    for colour, what, background in product(COLOURS, (*SHAPES, *THINGS), BACKGROUNDS):
        for x, y, size in ((0.5, 0.5, 0.3), (0.2, 0.8, 0.2), (0.8, 0.2, 0.4), (0.5, 0.2, 0.3), (0.2, 0.5, 0.3)):
            text = caption(Scene(background, (Thing(what, colour, x, y, size),)), "en", 1)
            assert {*text.replace(",", " ,").split()} <= known
    assert {word for relation in RELATIONS for word in relation.split()} <= known
    assert len(tokenizer("a dragon").input_ids) > 4  # an unknown word falls into bytes


def test_the_tokenizer_survives_being_saved(tmp_path):
    tokenizer = build_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    loaded = CLIPTokenizer.from_pretrained(tmp_path)
    for text in ("a red circle on a white background", "浅蓝色背景左上角的红色小圆形", ""):
        padded = {"padding": "max_length", "truncation": True}
        assert loaded(text, **padded).input_ids == tokenizer(text, **padded).input_ids
    assert loaded.model_max_length == tokenizer.model_max_length


def test_three_shapes_are_only_asked_and_the_oracle_reads_them():
    asked = examination("three", 200)
    assert sum(all(judge(draw(scene), scene).values()) for scene, _ in asked) >= 0.99 * len(asked)
    assert caption(asked[0][0], "zh").endswith(("在上面", "在下面"))
    tokenizer = build_tokenizer()
    assert max(len(tokenizer(text).input_ids) for _, text in asked) <= tokenizer.model_max_length
    for scene, _ in asked:
        *pair, third = scene.objects
        flipped = Scene(scene.background, (*pair, Thing(third.what, third.colour, third.x, 1 - third.y, third.size)))
        assert not judge(draw(scene), Scene(scene.background, flipped.objects, scene.relation))["relation"]
        assert not judge(draw(Scene(scene.background, tuple(pair))), scene)["colour"]  # the third is missing
    rng = random.Random(0)
    assert all(len(sample(rng, kind).objects) < 3 for kind in KINDS for _ in range(100))
