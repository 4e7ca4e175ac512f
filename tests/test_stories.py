"""aigc_course.stories: the generator, the steps, the split, and reading a story back."""

import random
import re
from collections import Counter

import pytest

from aigc_course import stories
from aigc_course.i18n import set_lang

RNG_SEED = 3


def drawn(n: int, **choice) -> list[stories.Story]:
    rng = random.Random(RNG_SEED)
    return [stories.sample(rng, **choice) for _ in range(n)]


def test_values_stay_within_what_is_promised():
    for story in drawn(3000):
        assert 1 <= len(story.ops) <= stories.LONGEST
        assert all(1 <= value <= stories.LARGEST for value in story.values)
        assert all(1 <= n <= stories.LARGEST for _, n in story.ops)
        for before, (op, n) in zip(story.values, story.ops, strict=False):
            assert op != "÷" or before % n == 0


def test_every_operation_language_and_length_occurs():
    sampled = drawn(3000)
    assert set(Counter(op for s in sampled for op, _ in s.ops)) == set("+-×÷")
    assert set(Counter(s.lang for s in sampled)) == {"zh", "en"}
    assert set(Counter(len(s.ops) for s in sampled)) == set(range(1, 9))


def test_no_answer_is_so_common_that_guessing_pays():
    answers = Counter(story.answer for story in drawn(5000))
    assert answers.most_common(1)[0][1] < 0.08 * 5000


def test_the_best_guess_without_the_first_number_is_what_most_often_comes_out():
    """Against counting: of many stories that have the same two operations, the answer that occurs most often."""
    rng, found = random.Random(RNG_SEED), {}
    for _ in range(200_000):
        story = stories.sample(rng, operations=2)
        found.setdefault(story.ops, Counter())[story.answer] += 1
    counted = {
        ops: answers.most_common(2) for ops, answers in found.items() if answers.total() > 150 and len(answers) > 1
    }
    clear = {ops: first for ops, ((first, n), (_, m)) in counted.items() if n - m > 4 * n**0.5}
    assert len(clear) > 15
    assert {ops: stories.best_guess(ops) for ops in clear} == clear


def test_who_sees_the_first_number_need_not_guess_and_who_nearly_does_guesses_among_few():
    for story in drawn(200):
        assert stories.best_guess(story.ops, [story.start]) == story.answer
        near = range(max(2, story.start - 1), min(stories.LARGEST, story.start + 1) + 1)
        possible = [again.answer for n in near if (again := stories.restarted(story, n))]
        assert stories.best_guess(story.ops, near) in possible


def test_a_story_from_another_number_is_the_same_story_and_has_another_answer():
    other = 0
    for story in drawn(300):
        assert stories.restarted(story, story.start) == story
        possible = [s for n in range(2, 100) if n != story.start and (s := stories.restarted(story, n))]
        for again in possible:
            assert stories.parse(again.text) == again and again.ops == story.ops
            assert all(1 <= value <= stories.LARGEST for value in again.values)
            assert again.text.replace(str(again.start), str(story.start), 1) == story.text
        answers = {story.answer, *(again.answer for again in possible)}
        assert len(answers) == 1 + len(possible), "who does not look at the first number is wrong in one of two"
        other += len(possible)
    assert other > 3000


def test_the_lecture_example_is_one_of_the_stories():
    for text, answer in (
        ("小明有7个苹果，又买了5个，送给小红3个，还剩几个？", 9),
        ("Tom has 7 apples, buys 5 more and gives 3 to Ann. How many are left?", 9),
    ):
        story = stories.parse(text)
        assert story.answer == answer
        assert story.ops == (("+", 5), ("-", 3))
        assert stories.completion(story) == "<think>7+5=12，12-3=9</think>9"


@pytest.mark.parametrize("per_line", [1, 2, 3])
def test_each_line_is_true_arithmetic_and_the_last_is_the_answer(per_line):
    for story in drawn(1500):
        steps = stories.lines(story.start, story.ops, per_line)
        assert len(steps) == -(-len(story.ops) // per_line)
        for step in steps:
            left, right = step.split("=")
            assert eval(left.replace("×", "*").replace("÷", "/")) == int(right), step  # Python knows precedence
        assert int(steps[-1].split("=")[1]) == story.answer


def test_text_holds_the_numbers_in_order():
    for story in drawn(1500):
        assert [int(n) for n in re.findall(r"\d+", story.text)] == [story.start, *(n for _, n in story.ops)]


def test_parse_reads_back_every_story():
    for story in drawn(3000):
        assert stories.parse(story.text) == story
        assert stories.outside(story.text) is None


def test_the_split_depends_on_the_text_alone_and_favours_nothing():
    sampled = drawn(20_000)
    kept = [s for s in sampled if stories.held_out(s.text)]
    assert len(kept) / len(sampled) == pytest.approx(1 / stories.TEST_SHARE, rel=0.1)
    for feature in (lambda s: len(s.ops) > 4, lambda s: s.lang == "zh", lambda s: s.answer > 30):
        every, test = (sum(map(feature, group)) / len(group) for group in (sampled, kept))
        assert test == pytest.approx(every, abs=4 * (every * (1 - every) / len(kept)) ** 0.5)


def test_training_never_draws_a_test_story():
    rng = random.Random(1)
    train = {stories.draw(rng, False, operations=1, lang="en").text for _ in range(4000)}
    test = {stories.draw(rng, True, operations=1, lang="en").text for _ in range(1000)}
    assert not train & test


def test_choices_are_respected():
    for story in drawn(300, operations=(2, 3), lang="zh", kinds="+-"):
        assert len(story.ops) in (2, 3)
        assert story.lang == "zh"
        assert {op for op, _ in story.ops} <= set("+-")


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("<think>7+5=12</think>12", "7+5=12", 12),
        ("12", "", 12),
        ("<think>7+5", "7+5", None),
        ("", "", None),
        ("<think></think>", "", None),
        ("<think>7</think>1234567", "7", None),
        ("<think>7</think>9个", "7", None),
        ("</think>9", "", 9),
    ],
)
def test_replies_are_taken_apart(text, thinking, answer):
    assert stories.split_reply(text) == (thinking, answer)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("What is the capital of France?", "not the kind"),
        ("Tom has 7 apples. How many are left?", "not the kind"),
        ("Tom has 7 apples and eats 3. How many are left?", "not the kind"),
        ("Tom has 700 apples and buys 5 more. How many does Tom have now?", "whole numbers"),
        ("Tom has 95 apples and buys 7 more. How many does Tom have now?", "whole numbers"),
        ("Tom has 7 apples, loses 7 and buys 3 more. How many are there now?", "whole numbers"),
        ("Tom has 7 apples and shares them equally among 2 people. How many does each get?", "whole numbers"),
        ("Tom has 7 apples and shares them equally among 0 people. How many does each get?", "not the kind"),
        ("小明有7个苹果" + "，又买了1个" * 9 + "，现在有几个？", "9 operations"),
    ],
)
def test_what_the_models_were_not_made_for_is_told(text, word):
    assert word in str(stories.outside(text))
    set_lang("zh")
    assert "不可信" in str(stories.outside(text))
