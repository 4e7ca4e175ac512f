"""Choosing by needs, trying candidates and routing: against exhaustive search, exact distributions and slow code."""

import math
import random
from math import comb

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_course import candidates, endpoints, llm, reasoning, stories, tables, tool_choice, tool_use
from aigc_course.candidates import Said, Task, evaluate, judge
from aigc_course.errors import CourseError
from aigc_course.sampling import wilson
from aigc_course.tool_choice import COLUMNS, Price, Reply, Rule, bootstrap, frontier, mean_cost, quality, route

MARKS = {"A": {"quality": 9, "price": 3, "speed": 5}, "B": {"quality": 6, "price": 9, "speed": 6}}
WEIGHTS = {"quality": 6, "price": 3, "speed": 1}
FLASH, PRO = tool_choice.price("deepseek", "deepseek-flash"), tool_choice.price("deepseek", "deepseek-v4-pro")

# ---- needs and weights


def test_scores_are_weighted_means():
    assert tool_choice.scores(MARKS, WEIGHTS) == pytest.approx({"A": (54 + 9 + 5) / 10, "B": (36 + 27 + 6) / 10})
    assert tool_choice.winner(MARKS, WEIGHTS) == "B"
    assert tool_choice.scores(MARKS, {"quality": 60, "price": 30, "speed": 10}) == pytest.approx(
        tool_choice.scores(MARKS, WEIGHTS)
    )


def test_of_equals_the_earlier_wins():
    assert tool_choice.winner({"A": {"x": 1}, "B": {"x": 1}}, {"x": 2}) == "A"


marks = st.lists(st.lists(st.integers(0, 10), min_size=3, max_size=3), min_size=2, max_size=5)
weights = st.lists(st.integers(1, 9), min_size=3, max_size=3)


@settings(max_examples=100, deadline=None)
@given(marks, weights, st.integers(0, 2), st.floats(0.01, 4))
def test_within_the_safe_range_the_winner_stays_and_beyond_it_it_does_not(rows, chosen, need, factor):
    table = {str(i): dict(zip("xyz", row, strict=True)) for i, row in enumerate(rows)}
    given_weights = dict(zip("xyz", chosen, strict=True))
    name = "xyz"[need]
    low, high = tool_choice.safe_range(table, given_weights, name)
    assert low <= 1 + 1e-9
    assert high >= 1 - 1e-9
    first = tool_choice.winner(table, given_weights)
    moved = tool_choice.scores(table, given_weights | {name: given_weights[name] * factor})
    leads = moved[first] >= max(moved.values()) - 1e-9
    if low + 1e-6 < factor < high - 1e-6:
        assert leads
    elif not low - 1e-6 < factor < high + 1e-6:
        assert not leads or moved[first] == pytest.approx(max(moved.values()))


def test_sensitivity_names_the_winner_when_a_weight_moves():
    """A leads B by 3 × quality − 6 × price − speed."""
    found = tool_choice.sensitivity(MARKS, WEIGHTS)
    assert found == {"quality": ("B", "A"), "price": ("A", "B"), "speed": ("B", "B")}
    assert tool_choice.safe_range(MARKS, WEIGHTS, "quality") == pytest.approx((0, 19 / 18))
    assert tool_choice.safe_range(MARKS, WEIGHTS, "price") == pytest.approx((17 / 18, math.inf))
    assert tool_choice.safe_range(MARKS, WEIGHTS, "speed") == (0, math.inf)


@pytest.mark.parametrize(
    ("table", "given_weights"),
    [(MARKS, {"quality": 0}), (MARKS, {"quality": -1, "price": 2}), ({"A": {}}, {"quality": 1}), (MARKS, {"taste": 1})],
)
def test_a_table_that_makes_no_sense_is_refused(table, given_weights):
    with pytest.raises(CourseError):
        tool_choice.scores(table, given_weights)


# ---- bill, bootstrap, frontier


def test_the_bill_is_the_endpoints_own_outside_busy_hours():
    from datetime import UTC, datetime

    sunday = datetime(2026, 11, 1, 12, tzinfo=UTC)
    usage = endpoints.Usage(prompt=300, cached=0, written=70)
    for model, price in (("deepseek-flash", FLASH), ("deepseek-v4-pro", PRO)):
        theirs = endpoints.cost(endpoints.find("deepseek"), model, usage, sunday)
        assert price.bill(300, 70) / 1e6 == pytest.approx(theirs)


@pytest.mark.parametrize("model", ["date", "peak", "gpt-0"])
def test_a_price_that_is_not_in_the_list_is_refused(model):
    with pytest.raises(CourseError):
        tool_choice.price("deepseek", model)


@pytest.mark.parametrize(("hits", "n"), [(30, 50), (9, 10), (480, 500)])
def test_bootstrap_of_a_share_has_the_exact_quantiles(hits, n):
    """n draws from a sample with a share p of ones are binomial: its quantiles can be summed."""
    p = hits / n
    heaped, cumulated = 0.0, []
    for k in range(n + 1):
        heaped += comb(n, k) * p**k * (1 - p) ** (n - k)
        cumulated.append(heaped)
    exact = [next(k for k, total in enumerate(cumulated) if total >= level) / n for level in (0.025, 0.975)]
    found = bootstrap([1] * hits + [0] * (n - hits), repeats=20_000)
    assert found == pytest.approx(exact, abs=1.01 / n)
    if min(hits, n - hits) >= 20:
        assert found == pytest.approx(wilson(hits, n), abs=0.02)


def test_bootstrap_of_a_mean_is_the_normal_one_in_large_samples():
    values = np.random.default_rng(1).exponential(size=2000)
    spread = 1.96 * values.std() / math.sqrt(len(values))
    assert bootstrap(values) == pytest.approx((values.mean() - spread, values.mean() + spread), abs=0.005)


def test_bootstrap_keeps_pairs_together():
    pairs = [(x, x + 1) for x in range(50)]
    assert bootstrap(pairs, lambda drawn: (drawn[:, 1] - drawn[:, 0]).mean()) == (1, 1)


def test_ten_of_ten_leave_bootstrap_no_doubt_which_is_why_the_lesson_shows_wilson_beside_it():
    assert bootstrap([1] * 10) == (1, 1)
    assert wilson(10, 10)[0] < 0.75


def test_bootstrap_of_nothing_is_refused():
    with pytest.raises(CourseError):
        bootstrap([])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12))
def test_the_frontier_is_what_nobody_dominates(pairs):
    points = {str(i): pair for i, pair in enumerate(pairs)}

    def dominates(a, b):
        return a[0] <= b[0] and a[1] >= b[1] and a != b

    kept = {pair for pair in pairs if not any(dominates(other, pair) for other in pairs)}
    found = frontier(points)
    assert {points[name] for name in found} == kept
    assert len(found) == len(kept), "one of each pair of twins"
    assert [points[name] for name in found] == sorted(points[name] for name in found)


# ---- candidates


@pytest.mark.parametrize(
    ("answer", "text", "right"),
    [
        ("12", "12", True),
        ("12", "12 + 0 = 12 apples.", True),
        ("12", "First 12, then 7.", False),
        ("12", "", False),
        ("1200", "That is 1,200.", True),
        ("2.5", "一共 2.50 元。", True),
        ("-3", "It is -3", True),
        ("3", "10-3", True),  # a dash after a number is no sign
        ("Monday", "it is a MONDAY.", True),
        ("星期一", "是星期一。", True),
        ("", "anything", False),
        ("12", "112", False),
    ],
)
def test_a_reply_is_right_by_its_last_number_or_its_word(answer, text, right):
    assert judge(answer, text) is right


def test_evaluation_counts_what_each_task_took():
    said = iter([Said("7", 10, 2, 0.5), Said("so: 8", 20, 4, 0.25, cost=99.0)])
    first, second = evaluate([Task("?", "7"), Task("?", "9")], lambda _: next(said), Price(1, 3))
    assert first[:2] == (True, 16)
    assert second[:2] == (False, 99.0), "an endpoint's own bill counts"


def test_a_bundled_candidate_says_what_the_model_says():
    story = stories.draw(random.Random(1), True, operations=2, lang="en")
    said, reply = candidates.bundled("reasoner")(story.text), reasoning.ask(story.text)
    assert (said.text, said.written) == (str(reply.answer), reply.tokens)
    assert said.prompt == len(reasoning.load("reasoner")[1](story.text)["input_ids"])
    assert said.seconds > 0


def test_an_endpoint_s_reply_is_taken_over(monkeypatch):
    reply = llm.Reply("12", "…", "m", "deepseek", usage=endpoints.Usage(30, 0, 9), cost=2e-6, seconds=1.5)
    monkeypatch.setattr(llm, "chat", lambda question, endpoint, model, **_: reply)
    assert candidates.through("deepseek")("?") == Said("12", 30, 9, 1.5, pytest.approx(2.0))


def test_only_endpoints_whose_key_is_set_are_offered(monkeypatch):
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    assert candidates.with_key() == []
    monkeypatch.setenv("DEEPSEEK_API_KEY", "k")
    assert candidates.with_key() == ["deepseek"]


def test_a_tool_user_reads_the_question_again_in_each_turn(monkeypatch):
    monkeypatch.setattr(tool_use, "prompts", lambda tokenizer, chats, tools: [[0] * len(chat) for chat in chats])
    step = tool_use.Step("{}", None, {"error": "…"})
    assert candidates.prompt_tokens(None, "?", tool_use.Reply("x")) == 1
    assert candidates.prompt_tokens(None, "?", tool_use.Reply("x", [step, step])) == 1 + 3 + 5


def test_sureness_is_that_of_each_reply_alone():
    rng = random.Random(2)
    texts = [stories.draw(rng, True, operations=k, lang="zh").text for k in (1, 4, 2)]
    model, tokenizer = reasoning.load("student")
    written = [group[0].ids for group in reasoning.attempts("student", texts)]
    prompts = tokenizer(texts)["input_ids"]
    found = candidates.sureness(model, prompts, written, rows=2)
    for prompt, ids, sure in zip(prompts, written, found, strict=True):
        with torch.no_grad():
            chances = model(torch.tensor([prompt + ids])).logits[0].softmax(-1)
        own = [float(chances[len(prompt) - 1 + i, token]) for i, token in enumerate(ids)]
        assert sure == pytest.approx(min(own), abs=1e-5)


# ---- routers


def test_operations_are_read_from_the_question_alone():
    rng = random.Random(3)
    for _ in range(200):
        story = stories.sample(rng)
        assert tool_choice.operations(story.text) == len(story.ops)


CHEAP = [Reply(1, True, 1, 0.9), Reply(1, False, 1, 0.4), Reply(5, False, 1, 0.95), Reply(1, False, 1, 0.8)]
THINKING = [Reply(1, True, 10, 1), Reply(1, True, 10, 1), Reply(5, True, 30, 1), Reply(1, False, 10, 1)]


def test_a_rule_pays_for_what_it_asks():
    found = route(Rule(at_most=1, sure=0.85), CHEAP, THINKING)
    assert [reply.cost for reply in found] == [1, 11, 30, 11]
    assert [reply.right for reply in found] == [True, True, True, False]
    assert route(Rule(0, 1.0), CHEAP, THINKING) == THINKING
    assert route(Rule(9, 0.0), CHEAP, THINKING) == CHEAP


def test_the_oracle_is_as_right_as_either_and_no_router_as_right_is_cheaper():
    best = tool_choice.oracle(CHEAP, THINKING)
    assert [reply.right for reply in best] == [c.right or t.right for c, t in zip(CHEAP, THINKING, strict=True)]
    assert [reply.cost for reply in best] == [1, 10, 30, 1]
    for rule in tool_choice.rules(8):
        found = route(rule, CHEAP, THINKING)
        assert quality(found) < quality(best) or mean_cost(found) >= mean_cost(best)


def test_tuning_finds_the_cheapest_rule_that_is_good_enough():
    assert tool_choice.tune(CHEAP, THINKING, 0.0, tool_choice.rules(8)) == Rule(1, 0.5), "the fourth both get wrong"
    assert tool_choice.tune(CHEAP, THINKING, 1.0, tool_choice.rules(8)).sure == 0.0
    with pytest.raises(CourseError):
        tool_choice.tune(CHEAP, THINKING, 0.0, [Rule(9, 0.0)])


def test_a_coin_lies_on_the_line_between_the_two():
    assert tool_choice.coin(CHEAP, THINKING, quality(CHEAP)) == mean_cost(CHEAP)
    assert tool_choice.coin(CHEAP, THINKING, quality(THINKING)) == mean_cost(THINKING)
    middle = (quality(CHEAP) + quality(THINKING)) / 2
    assert tool_choice.coin(CHEAP, THINKING, middle) == (mean_cost(CHEAP) + mean_cost(THINKING)) / 2


# ---- measured replies

PRICES = {"direct": FLASH, "student": FLASH, "reasoner": PRO}


def test_the_stored_replies_are_complete_and_some_of_them_come_out_again():
    from aigc_course.train import router_replies

    told = router_replies.asked()
    path = tool_choice.course.root() / "datasets" / "router_replies.csv"
    rows = tables.rows(path, COLUMNS)
    assert [row[0] for row in rows] == [which for which in told for _ in told[which]]
    assert [int(row[1]) for row in rows] == [len(story.ops) for which in told for story in told[which]]
    texts = [story.text for which in told for story in told[which]]
    assert len(set(texts)) == len(texts)
    assert all(stories.held_out(text) for text in texts)
    assert [tool_choice.operations(text) for text in texts] == [int(row[1]) for row in rows]
    some = random.Random(4).sample(range(1202), 12)
    for model in tool_choice.MODELS:
        again = router_replies.rows(model, [told["validation"][i] for i in some])
        at = COLUMNS.index(f"{model}_right")
        same = sum(
            [str(value) for value in new[:3]] == rows[i][at : at + 3] for i, new in zip(some, again, strict=True)
        )
        assert same >= 11, "another processor may flip a row, not more"


def test_a_mix_has_the_share_of_easy_stories_and_the_same_for_every_model():
    replies = tool_choice.stored("test", PRICES)
    for easy in (0, 0.25, 0.6, 1):
        part = tool_choice.mixed(replies, easy)
        steps = [reply.operations for reply in part["direct"]]
        assert len(steps) == 600
        assert steps.count(1) == 600 * easy
        assert [reply.operations for reply in part["reasoner"]] == steps
        longer = [steps.count(k) for k in range(2, 9)]
        assert max(longer) - min(longer) <= 1
    for wrong in ({"easy": 1.5}, {"easy": 0.6, "n": 5000}):
        with pytest.raises(CourseError):
            tool_choice.mixed(replies, **wrong)


# ---- what the lesson says of them


def test_routers_cost_less_than_thinking_always_at_the_same_quality_and_less_than_a_coin():
    validation, test = (tool_choice.mixed(tool_choice.stored(which, PRICES), 0.8) for which in ("validation", "test"))
    thinking = test["reasoner"]
    for name in ("direct", "student"):
        rule = tool_choice.tune(validation[name], validation["reasoner"], 0.0, tool_choice.rules(8))
        found = route(rule, test[name], thinking)
        lost = sum(b.right and not f.right for f, b in zip(found, thinking, strict=True))
        assert wilson(lost, len(found))[1] < 0.01
        costs = [(f.cost, b.cost) for f, b in zip(found, thinking, strict=True)]
        low, _ = bootstrap(costs, lambda drawn: 1 - drawn[:, 0].mean() / drawn[:, 1].mean())
        assert low > 0.01
        assert mean_cost(found) < tool_choice.coin(test[name], thinking, quality(found))
        best = tool_choice.oracle(test[name], thinking)
        assert mean_cost(best) < mean_cost(found)
        assert quality(test[name]) < quality(found) - 0.05, "always cheap never gets there"


def test_a_rule_chosen_with_few_stories_keeps_less_than_it_promises():
    validation, test = (tool_choice.mixed(tool_choice.stored(which, PRICES), 0.8) for which in ("validation", "test"))
    rng, losses = random.Random(5), {}
    for n in (12, 200):
        losses[n] = []
        for _ in range(20):
            some = rng.sample(range(600), n)
            few = [[validation[name][i] for i in some] for name in ("student", "reasoner")]
            rule = tool_choice.tune(*few, 0.0, tool_choice.rules(8))
            losses[n].append(quality(test["reasoner"]) - quality(route(rule, test["student"], test["reasoner"])))
    assert np.mean(losses[12]) > 0.03
    assert np.mean(losses[200]) < 0.015
