"""The recipes of the reasoning models, and what the bundled ones reach."""

import random
from collections import Counter

import pytest
import torch

from aigc_course import stories, train
from aigc_course.arms import measured
from aigc_course.sampling import wilson
from aigc_course.train import arms, manifest, story_texts
from aigc_course.train import reasoning as recipes
from aigc_course.train.loop import fit
from aigc_course.train.muon import Muon, orthogonal
from aigc_course.train.students import RECIPES as STUDENTS

EVERY = recipes.RECIPES | STUDENTS


def test_each_recipe_is_known_to_the_command():
    assert set(EVERY) | {"lm", "copier", "prompted", "tool_user", "painter", "painter_vae"} == set(train.RECIPES)
    for name in EVERY:
        assert train.recipe_of(name).name == name


@pytest.mark.parametrize("name", sorted(recipes.RECIPES))
def test_no_recipe_draws_a_test_story(name):
    recipe, tokenizer = recipes.RECIPES[name], story_texts.build_tokenizer()
    for step in (0, recipe.steps // 2, recipe.steps - 1):
        rows = recipes.examples(recipe, tokenizer, 1, step)
        assert len(rows) == recipe.batch + recipe.sums
        for prompt, written in rows[: recipe.batch]:
            assert not stories.held_out(tokenizer.decode(prompt[1:]))
            assert written[-1] == tokenizer.eos_token_id
            assert len(prompt) + len(written) < story_texts.CONTEXT - 160


@pytest.mark.parametrize("name", sorted(EVERY))
def test_bare_sums_end_as_the_answers_of_their_model_do(name):
    recipe, tokenizer = EVERY[name], story_texts.build_tokenizer()
    rows = recipe.beside(tokenizer, random.Random(0))
    assert len(rows) == recipe.sums
    assert all((written[-1] == tokenizer.eos_token_id) == (recipe.per_line == 0) for _, written in rows)


def test_short_stories_come_first_and_all_are_there_in_the_end():
    recipe = recipes.RECIPES["reasoner"]
    assert recipe.lengths(0) == [1, 2]
    assert recipe.lengths(recipe.ramp - 1) == list(range(1, 8))
    assert recipe.lengths(recipe.ramp) == recipe.lengths(recipe.steps - 1) == list(range(1, 9))


def test_the_test_stories_are_unseen_and_even():
    asked = recipes.test_stories()
    assert len(asked) >= 1000
    assert all(stories.held_out(story.text) for story in asked)
    for k in range(1, 9):
        chosen = [story.lang for story in asked if len(story.ops) == k]
        assert chosen.count("zh") == chosen.count("en") == len(chosen) // 2


def test_who_learned_from_the_forgetful_is_asked_what_he_forgets():
    asked = EVERY["carry_base"].asked(longer=1)
    assert all(story_texts.carries(story) and stories.held_out(story.text) for story in asked)
    assert Counter(len(story.ops) for story in asked) == dict.fromkeys((1, 2, 3, 4, 5), 256)
    plain = stories.parse("Tom has 31 apples and buys 42 more. How many are there now?")
    twice = stories.parse("Tom has 37 apples, buys 48 more and gives 19 to Ann. How many are left?")
    assert (story_texts.carries(plain), story_texts.carries(twice)) == (0, 2)


@pytest.mark.parametrize(
    ("op", "a", "b", "slip"),
    [("+", 37, 48, 75), ("+", 31, 42, 73), ("-", 42, 17, 35), ("-", 48, 17, 31), ("+", 95, 5, 90), ("-", 30, 9, 31)],
)
def test_what_is_left_when_the_carry_is_forgotten(op, a, b, slip):
    assert story_texts.without_carry(op, a, b) == slip


def test_the_forgetful_teacher_errs_where_there_is_a_carry_and_only_there():
    rng, slips, chances = random.Random(0), 0, 0
    for _ in range(2000):
        story = stories.sample(rng, (1, 2, 3, 4), kinds="+-")
        steps, answer = story_texts.forgetful(rng, story, 0.8)
        assert len(steps) == len(story.ops)
        before = story.start
        for step, (op, n) in zip(steps, story.ops, strict=True):
            left, right = step.split("=")
            assert left == f"{before}{op}{n}"
            correct = stories.apply(op, before, n)
            assert int(right) in (correct, story_texts.without_carry(op, before, n))
            if correct != story_texts.without_carry(op, before, n):
                chances += 1
                slips += int(right) != correct
            before = int(right)
        assert answer == before
        assert 1 <= before <= stories.LARGEST
    assert 0.6 < slips / chances <= 0.85
    right = stories.parse("Tom has 37 apples and buys 48 more. How many are there now?")
    assert story_texts.forgetful(rng, right, 0.0) == (["37+48=85"], 85)


@pytest.mark.parametrize("longest", [1, 3])
def test_bare_sums_are_right_and_whole(longest):
    tokenizer = story_texts.build_tokenizer()
    rows = story_texts.bare_sums(tokenizer, random.Random(0), 400, "+-×÷", 0.0, range(1, longest + 1))
    texts = [tokenizer.decode(prompt[1:] + written) for prompt, written in rows]
    assert {op for text in texts for op in text if op in "+-×÷"} == set("+-×÷")
    for text in texts:
        left, right = text.removesuffix("，").split("=")
        assert eval(left.replace("×", "*").replace("÷", "/")) == int(right)
    assert {sum(left.count(op) for op in "+-×÷") for left, _ in (text.split("=") for text in texts)} == {
        *range(1, longest + 1)
    }


def test_bare_sums_of_the_forgetful_teacher_are_wrong_as_often_as_he_is():
    tokenizer = story_texts.build_tokenizer()
    wrong = story_texts.bare_sums(tokenizer, random.Random(0), 400, "+-", 0.8)
    texts = [tokenizer.decode(prompt[1:] + written).removesuffix("，").split("=") for prompt, written in wrong]
    assert 0.2 < sum(eval(left) != int(right) for left, right in texts) / 400 < 0.5


def test_orthogonal_evens_out_the_singular_values():
    torch.manual_seed(0)
    for shape in ((32, 64), (64, 32), (48, 48)):
        matrix = torch.randn(shape) @ torch.diag(torch.logspace(0, -1, shape[1]))
        values = torch.linalg.svdvals(orthogonal(matrix))
        assert 0.3 < values.min() < values.max() < 1.3
        spread = torch.linalg.svdvals(matrix)
        assert spread.max() / spread.min() > 3 * values.max() / values.min()


def test_muons_other_half_is_adamw():
    torch.manual_seed(0)
    layer = torch.nn.Linear(6, 4)
    twin = torch.nn.Linear(6, 4)
    twin.load_state_dict(layer.state_dict())
    ours = Muon(layer, 0.01)  # no ".layers." in its names: all AdamW
    theirs = torch.optim.AdamW(twin.parameters(), lr=0.01, betas=(0.9, 0.98), weight_decay=0.01)
    for _ in range(5):
        x = torch.randn(8, 6)
        for model, optimizer in ((layer, ours), (twin, theirs)):
            optimizer.zero_grad()
            model(x).square().sum().backward()
            optimizer.step()
    assert torch.allclose(layer.weight, twin.weight, atol=1e-6)
    assert torch.allclose(layer.bias, twin.bias, atol=1e-6)


def test_a_resumed_training_is_the_uninterrupted_one(tmp_path):
    recipe = recipes.Recipe("tiny", recipes.steps_target(1), "", 6, batch=4, width=16, sums=4, ramp=4)

    def trained(folder, until=()):
        folder.mkdir()
        for stop in (*until, None):
            model, tokenizer = recipe.build(1)
            fit(
                model,
                recipe.losses(model, tokenizer, 1),
                folder,
                recipe.settings(1),
                until=stop,
                optimizer=recipe.optimizer(model),
            )
        return model

    whole, pieces = trained(tmp_path / "whole"), trained(tmp_path / "pieces", (2, 5))
    for a, b in zip(whole.parameters(), pieces.parameters(), strict=True):
        assert torch.equal(a, b)


def test_rows_of_the_table_hold_their_interval():
    row = arms.row("accuracy", 3, 990, 1000, 20.0)
    low, high = wilson(990, 1000)
    assert (row["value"], row["low"], row["high"]) == ("0.9900", f"{low:.4f}", f"{high:.4f}")


# ---- what is bundled -----------------------------------------------------------------------------------------------

BUNDLED = [name for name in manifest.read(manifest.ZOO) if name in EVERY]


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_model_was_made_by_its_recipe_and_reaches_what_the_manifest_says(name):
    entry = manifest.read(manifest.ZOO)[name]
    recipe = EVERY[name]
    assert entry["settings"] == recipe.settings(entry["seed"])
    few = recipe.asked()[::4]
    measured = recipes.evaluate(recipes.load(manifest.ZOO / name), few, recipe.per_line)
    spread = 4 * (0.25 / len(few)) ** 0.5 if name != "reasoner" else 0.03
    assert measured["accuracy"] == pytest.approx(entry["metrics"]["accuracy"], abs=spread)


@pytest.mark.parametrize("name", BUNDLED)
def test_the_bars_hold_for_every_seed_in_the_manifest(name):
    entry = manifest.read(manifest.ZOO)[name]
    for metrics in (entry["metrics"], *entry.get("other_seeds", {}).values()):
        assert metrics["n"] >= 512
        for metric, most in EVERY[name].BARS.items():
            assert metrics[metric] <= most


def test_what_the_lessons_say_of_reinforcement_learning_holds_in_every_stored_run():
    def values(arm, measure="accuracy"):
        return [row.value for row in measured(arm, measure)]

    assert len(values("carry_grpo")) == 9 and min(values("carry_grpo")) >= 0.9
    assert max(values("carry_base") + values("carry_base", "majority@16")) <= 0.3
    assert min(values("r1_zero")) > 0.95 and max(values("r1_zero_base")) < 0.15
    assert max(values("student_answers")) < min(values("student"))
    tokens = {arm: [row.tokens for row in measured(arm, "accuracy")] for arm in ("r1_zero", "r1_zero_base")}
    assert min(tokens["r1_zero"]) > 3 * max(tokens["r1_zero_base"]), "thinking grows because it pays"


@pytest.mark.parametrize("lang", stories.LANGS)
def test_the_reasoner_keeps_its_bar_in_both_languages(lang):
    entry = manifest.read(manifest.ZOO)["reasoner"]
    assert min(m[f"accuracy_{lang}"] for m in (entry["metrics"], *entry["other_seeds"].values())) >= 0.99
