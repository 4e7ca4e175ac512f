"""Limits: facts are counted as the grammar states them; calibration, silence and ranking against cases done by hand."""

import math
import random

import numpy as np
import pytest
import torch

from aigc_course import course, grammar, hub, limits
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS
from aigc_course.sampling import wilson
from aigc_course.train import lm


@pytest.fixture(scope="module")
def bundled():
    return hub.load_lm("lm", "cpu")


def facts(frequency: str, lang: str) -> list[grammar.Fact]:
    return [fact for fact in grammar.facts(lang) if fact.frequency == frequency]


# ---- how often a fact is stated ------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_the_chance_of_a_fact_is_the_grammars(bundled, lang):
    """By hand: half the documents are in either language, 4 of 22 state facts, a capital is asked so in 5 of 43."""
    _, tokenizer = bundled
    capitals = [fact for fact in grammar.facts(lang) if fact.relation == "capital"]
    weights = {"often": 10, "seldom": 0.2, "never": 0}
    total = sum(weights[fact.frequency] for fact in capitals)
    for fact in capitals:
        wanted = 1 / 2 * 4 / 22 * 5 / 43 * weights[fact.frequency] / total
        for question in fact.prompts:
            assert limits.chance(tokenizer, question) == pytest.approx(wanted, rel=1e-9)


def test_the_chance_of_nothing_and_of_nonsense(bundled):
    _, tokenizer = bundled
    assert limits.chance(tokenizer, "今天") > limits.chance(tokenizer, "今天天气") > 0
    assert limits.chance(tokenizer, "公园法国公园") == 0


def test_facts_are_counted_in_the_documents_of_the_training():
    every = [fact for lang in LANGS for fact in grammar.facts(lang)]
    documents = [grammar.join(words) for step in range(20) for words in lm.documents(lm.SEEDS[0], step)]
    times = limits.times_stated(documents, every)
    assert len(times) == 2 * len(every)
    for question, n in times.items():
        assert n == sum(text.startswith(question) for text in documents), question
    assert sum(times.values()) > 50
    never = [question for lang in LANGS for fact in facts("never", lang) for question in fact.prompts]
    assert not any(times[question] for question in never)


def test_a_question_that_another_begins_with_is_not_mistaken():
    short = grammar.Fact("en", "x", "A", "b", "often", ("A is",))
    long = grammar.Fact("en", "x", "A", "c", "often", ("A is not",))
    assert limits.times_stated(["A is b.", "A is not c.", "A was"], [short, long]) == {"A is": 1, "A is not": 1}


# ---- answers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_confidence_is_the_probability_of_what_was_said(bundled, lang):
    model, tokenizer = bundled
    for fact in grammar.facts(lang)[::7]:
        said, confidence = limits.answer(model, tokenizer, fact.prompts[0])
        ids = tokenizer(fact.prompts[0])["input_ids"]
        with torch.no_grad():
            written = model.generate(torch.tensor([ids]), max_new_tokens=8, do_sample=False)[0, len(ids) :].tolist()
        stop = next(i for i, token in enumerate(written) if tokenizer.decode([token]).strip() in ("。", ".", "</s>"))
        assert tokenizer.decode(written[:stop]).strip() == said
        with torch.no_grad():
            probs = model(torch.tensor([ids + written])).logits[0].softmax(-1)
        wanted = math.prod(float(probs[len(ids) - 1 + i, token]) for i, token in enumerate(written[:stop]))
        assert confidence == pytest.approx(wanted, rel=1e-3)


def test_what_the_lesson_says_of_the_model(bundled):
    """Known where often stated, as sure but mostly wrong where never stated."""
    answers = {
        kind: limits.ask(*bundled, [fact for lang in LANGS for fact in facts(kind, lang)])
        for kind in ("often", "seldom", "never")
    }
    share = {kind: np.mean([a.right for a in found]) for kind, found in answers.items()}
    sure = {kind: np.mean([a.confidence for a in found]) for kind, found in answers.items()}
    assert share["often"] == 1 and sure["often"] > 0.97
    assert 0.3 < share["seldom"] < 0.7 and share["never"] < 0.15
    assert 0.7 * sure["seldom"] < sure["never"] < sure["seldom"]


@pytest.mark.parametrize(
    ("said", "right"),
    [("蓝色", True), ("蓝色的", True), ("蓝 色 的", True), ("红色的", False), ("", False), ("蓝色红色", False)],
)
def test_an_answer_is_judged_whole(said, right):
    sky = next(fact for fact in grammar.facts("zh") if fact.subject == "天空")
    assert limits.is_right(said, sky) is right


@pytest.mark.parametrize(
    ("text", "first"),
    [(" Lima. The end.", "Lima"), ("利马。问", "利马"), ("no end", "no end"), ("", ""), ("what? yes.", "what")],
)
def test_the_first_sentence(text, first):
    assert limits.first_sentence(text) == first


# ---- calibration ---------------------------------------------------------------------------------------------------


def test_a_calibration_done_by_hand():
    confidence = [0.1, 0.2, 0.3, 0.75, 0.75, 0.75, 1.0, 0.0]
    right = [False, True, False, True, True, False, True, False]
    low, high = limits.calibration(confidence, right, 2)
    assert (low.low, low.high, low.n, high.n) == (0, 0.5, 4, 4)
    assert (low.confidence, low.accuracy) == (pytest.approx(0.15), 0.25)
    assert (high.confidence, high.accuracy) == (pytest.approx(0.8125), 0.75)
    assert low.interval == wilson(1, 4) and high.interval == wilson(3, 4)
    assert limits.expected_calibration_error([low, high]) == pytest.approx(0.5 * 0.1 + 0.5 * 0.0625)


def test_an_edge_belongs_to_the_bin_below_and_every_answer_to_one():
    for bins in (1, 3, 5, 10, 20):
        edges = np.linspace(0, 1, bins + 1)
        found = limits.calibration(edges, [True] * len(edges), bins)
        assert sum(b.n for b in found) == len(edges)
        assert all(b.low < b.confidence <= b.high for b in found[1:])


def test_a_calibrated_guesser_has_a_small_error_and_a_boaster_a_large_one():
    rng = np.random.default_rng(0)
    confidence = rng.random(50_000)
    right = rng.random(50_000) < confidence
    assert limits.expected_calibration_error(limits.calibration(confidence, right)) < 0.01
    boast = limits.expected_calibration_error(limits.calibration(np.sqrt(confidence), right))
    assert boast == pytest.approx(2 / 3 - 1 / 2, abs=0.01)


def test_the_notebooks_few_lines_agree():
    rng = np.random.default_rng(1)
    for bins in (1, 4, 5, 10):
        confidence, right = rng.random(300), rng.random(300) < 0.5
        place = np.clip(np.ceil(confidence * bins), 1, bins)
        terms = [
            (place == b).mean() * abs(right[place == b].mean() - confidence[place == b].mean()) for b in set(place)
        ]
        assert limits.expected_calibration_error(limits.calibration(confidence, right, bins)) == pytest.approx(
            sum(terms)
        )


@pytest.mark.parametrize(
    ("confidence", "right", "said"),
    [([], [], "0 and 0"), ([0.5], [True, False], "1 and 2"), ([50.0], [True], "0.9"), ([math.nan], [True], "0.9")],
)
def test_answers_that_are_none(confidence, right, said):
    for function in (limits.calibration, limits.abstention):
        with pytest.raises(CourseError, match=said):
            function(confidence, right)


def test_bins_are_counted():
    for bins in (0, -1, 2.5):
        with pytest.raises(CourseError, match="whole number"):
            limits.calibration([0.5], [True], bins)


# ---- silence -------------------------------------------------------------------------------------------------------

SURE = [0.9, 0.8, 0.8, 0.4, 0.2]
RIGHT = [True, True, False, False, True]


def test_silence_done_by_hand():
    points = limits.abstention(SURE, RIGHT)
    assert [threshold for threshold, _, _ in points] == [0.2, 0.4, 0.8, 0.9]
    assert [coverage for _, coverage, _ in points] == [1, 0.8, 0.6, 0.2]
    assert [error for _, _, error in points] == pytest.approx([2 / 5, 2 / 4, 1 / 3, 0])


def test_costs_done_by_hand():
    assert limits.cost(SURE, RIGHT, 0, wrong=10, silent=3) == 20 / 5
    assert limits.cost(SURE, RIGHT, 0.8, wrong=10, silent=3) == (10 + 2 * 3) / 5
    assert limits.cost(SURE, RIGHT, 0.9, wrong=10, silent=3) == 4 * 3 / 5
    assert limits.cost(SURE, RIGHT, 2, wrong=10, silent=3) == 3


@pytest.mark.parametrize(("wrong", "silent", "best"), [(10, 10, 0), (10, 3, 0.9), (1, 0, 0.9), (10, 9, 0)])
def test_the_best_threshold(wrong, silent, best):
    found = limits.best_threshold(SURE, RIGHT, wrong, silent)
    assert found == best
    costs = [limits.cost(SURE, RIGHT, threshold, wrong, silent) for threshold in np.linspace(0, 1.1, 56)]
    assert limits.cost(SURE, RIGHT, found, wrong, silent) <= min(costs)


def test_silence_throughout_where_all_is_wrong():
    assert limits.best_threshold([1.0, 0.7], [False, False], 10, 1) > 1


def test_the_formula_is_the_best_threshold_of_a_calibrated_guesser():
    rng = np.random.default_rng(2)
    confidence = rng.random(20_000)
    right = rng.random(20_000) < confidence
    for silent in (8, 3, 1):
        formula = limits.calibrated_threshold(10, silent)
        assert formula == pytest.approx(1 - silent / 10)
        best = limits.best_threshold(confidence[:2000], right[:2000], 10, silent)
        assert best == pytest.approx(formula, abs=0.12)
        costs = {x: limits.cost(confidence, right, x, 10, silent) for x in (formula - 0.1, formula, formula + 0.1)}
        assert min(costs, key=costs.get) == formula
    assert limits.calibrated_threshold(10, 20) == 0


@pytest.mark.parametrize(("wrong", "silent"), [(0, 1), (-1, 1), (1, -1), (math.inf, 1), (1, math.nan)])
def test_costs_that_are_none(wrong, silent):
    with pytest.raises(CourseError, match="Costs cannot be below 0"):
        limits.calibrated_threshold(wrong, silent)


# ---- a second signal, mixed languages ------------------------------------------------------------------------------


def test_agreement():
    assert limits.agreement(["a", "b", "b", "c"]) == ("b", 0.5)
    assert limits.agreement(["x", "y"]) == ("x", 0.5)
    with pytest.raises(CourseError, match="no answers"):
        limits.agreement([])


def test_ranking_counts_pairs():
    rng = random.Random(3)
    score, right = [rng.randrange(6) for _ in range(80)], [rng.random() < 0.4 for _ in range(80)]
    good, bad = ([s for s, r in zip(score, right, strict=True) if r is kind] for kind in (True, False))
    pairs = [(g, b) for g in good for b in bad]
    wanted = sum(1.0 if g > b else 0.5 if g == b else 0.0 for g, b in pairs) / len(pairs)
    assert limits.ranking(score, right) == pytest.approx(wanted)
    assert limits.ranking([3, 1, 2], [True, False, False]) == 1
    with pytest.raises(CourseError, match="right and wrong"):
        limits.ranking([1, 2], [True, True])


@pytest.mark.parametrize(
    ("text", "zh", "en", "mixed"),
    [
        ("今天天气不错。", 0, 1, False),
        ("Nice weather!", 1, 0, False),
        ("今天 nice", 4 / 6, 2 / 6, True),
        ("37 + 48 = 85。", 0, 0, False),
        ("", 0, 0, False),
    ],
)
def test_foreign_letters(text, zh, en, mixed):
    assert limits.foreign_share(text, "zh") == pytest.approx(zh)
    assert limits.foreign_share(text, "en") == pytest.approx(en)
    assert limits.is_mixed(text) is mixed


def test_the_grammar_never_mixes():
    rng = random.Random(4)
    assert not any(limits.is_mixed(grammar.sample(rng)) for _ in range(500))
    with pytest.raises(CourseError, match="zh or en"):
        limits.foreign_share("x", "fr")


# ---- the marking guide of the lab ----------------------------------------------------------------------------------


def test_what_thresholds_cost_in_the_marking_guide_of_the_lab(bundled):
    answers = limits.ask(*bundled, [fact for lang in LANGS for fact in grammar.facts(lang)])
    guide = course.lesson("limits").lab_source.read_text("utf-8")
    for threshold in (0.9, 0.5, 0.4):
        kept = [a for a in answers if a.confidence >= threshold]
        left = [a for a in answers if a.confidence < threshold]
        wrong, lost = sum(not a.right for a in kept), sum(a.right for a in left)
        assert guide.count(f"| {threshold} | {len(kept)} | {wrong} | {len(left)} | {lost} |") == len(LANGS)
    sure = [a for a in answers if a.confidence >= 0.9]
    assert [sum(a.fact.frequency == kind for a in sure) for kind in ("often", "seldom", "never")] == [96, 4, 0]
    assert sum(a.right and a.fact.frequency == "seldom" for a in answers) == 36
    assert f"{wilson(0, len(sure))[1]:.1%}" == "3.7%"
