"""The table of the long experiments, and the stored runs."""

import random
from collections import Counter
from dataclasses import fields

import pytest

from aigc_course import arms, course, rl, stories
from aigc_course.errors import CourseError
from aigc_course.reasoning import Attempt
from aigc_course.train import arms as experiments
from aigc_course.train.reasoning import PAIRS_PER_LENGTH, story_pairs


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "root", lambda: tmp_path)
    (tmp_path / "datasets").mkdir()
    return tmp_path


def test_a_measured_row_is_found_by_arm_measure_and_operations(root):
    head = ",".join(arms.FIELDS)
    arms.path().write_text(
        f"{head}\nreasoner,,1,accuracy,all,0.9900,0.9800,0.9950,1024,39.7,800\n"
        "reasoner,,1,accuracy,3,1.0000,0.9700,1.0000,128,30.0,800\n"
        "carry_grpo,2,3,exact,all,0.5000,0.4000,0.6000,1024,12.0,90\n",
        encoding="utf-8",
    )
    [row] = arms.measured("reasoner")
    assert (row.seed, row.base_seed, row.value, row.n, row.tokens) == (1, None, 0.99, 1024, 39.7)
    assert arms.measured("reasoner", operations=3)[0].value == 1
    assert arms.measured("carry_grpo", "exact")[0].base_seed == 2
    with pytest.raises(CourseError, match="carry_grpo, reasoner"):
        arms.measured("none")


def update(step: int, groups: list) -> rl.Update:
    numbers = {field.name: 0.25 for field in fields(rl.Update)}
    return rl.Update(**numbers | {"step": step, "groups": groups})


def test_a_stored_run_comes_back_as_it_was(root):
    story = stories.sample(random.Random(0))
    attempts = [Attempt([3, 4, 2], "<think></think>7", "", 7), Attempt([5], "x", "", None)]
    other = stories.sample(random.Random(1))
    updates = [
        update(0, [(story, attempts, [1.0, 0.0]), (other, attempts, [0.0, 0.0])]),
        update(1, []),
    ]
    arms.save_run(updates, arms.run_path("trial"))
    first, second = arms.load_run("trial")
    assert first.groups == updates[0].groups[:1]  # one group of each update is kept
    assert second == updates[1]
    arms.run_path("trial").write_text("{", encoding="utf-8")
    for name in ("trial", "missing"):
        with pytest.raises(CourseError, match="git checkout"):
            arms.load_run(name)


def test_all_means_the_lengths_that_were_trained_on():
    rng = random.Random(0)
    asked = [stories.sample(rng, k) for k in (1, 8, 9, 12)]
    assert dict(experiments.groups_of(asked, 8)) == {"all": [0, 1], 1: [0], 8: [1], 9: [2], 12: [3]}


def test_a_pair_is_right_only_if_both_of_its_stories_are(monkeypatch):
    rng = random.Random(3)
    pairs = [(stories.sample(rng, k), stories.sample(rng, k)) for k in (1, 1, 2, 8)]
    wrong = {pairs[0][1].text, pairs[2][0].text}  # one story of a pair, the second and the first

    def answered(_, texts):
        told = {story.text: story.answer for pair in pairs for story in pair}
        return [[Attempt([3, 4], "", "", None if text in wrong else told[text])] for text in texts]

    monkeypatch.setattr(experiments, "story_pairs", lambda: pairs)
    monkeypatch.setattr(experiments, "attempts", answered)
    rows = {row["operations"]: (row["value"], row["n"], row["tokens"]) for row in experiments.pair_rows(None)}
    assert rows == {
        "all": ("0.5000", 4, "2.0"),
        1: ("0.5000", 2, "2.0"),
        2: ("0.0000", 1, "2.0"),
        8: ("1.0000", 1, "2.0"),
    }


def test_pairs_are_unseen_stories_with_the_nearest_other_number_in_front():
    pairs = story_pairs()
    assert Counter(len(story.ops) for story, _ in pairs) == dict.fromkeys(range(1, 9), PAIRS_PER_LENGTH)
    for story, other in pairs:
        assert other == stories.restarted(story, other.start) and other.answer != story.answer
        assert stories.held_out(story.text) and stories.held_out(other.text)
        apart = abs(other.start - story.start)
        near = range(max(2, story.start - apart + 1), min(stories.LARGEST + 1, story.start + apart))
        nearer = (stories.restarted(story, n) for n in near)
        assert not any(s and s != story and stories.held_out(s.text) for s in nearer)


def test_each_job_has_its_own_name_and_seed():
    jobs = experiments.jobs()
    assert len([key for key in jobs if key[0] == "carry_grpo"]) == 9
    for (arm, base, seed), job in jobs.items():
        if base == "":
            assert job.args == (arm, int(seed))
        else:
            assert job.args[0] == arm
            assert job.args[2:4] == (int(base), int(seed))


def test_what_the_table_holds_is_not_run_again_and_stays(root, monkeypatch):
    monkeypatch.setenv("AIGC_HOME", str(root / "home"))
    ran = []

    def job(name: str, value: str):
        ran.append(name)
        return [{"measure": "accuracy", "operations": "all", "value": value, "tokens": "3.0"}]

    monkeypatch.setattr(
        experiments,
        "jobs",
        lambda: {(arm, "", "1"): lambda arm=arm: job(arm, "0.1000") for arm in ("first", "second", "third")},
    )
    experiments.run(["third"])
    experiments.run(["first--1", "third"])
    assert ran == ["third", "first"]
    assert [(row.value, row.n) for row in arms.measured("third")] == [(0.1, None)]
    experiments.run()
    assert ran == ["third", "first", "second"]
    assert [line.split(",")[0] for line in arms.path().read_text().splitlines()[1:]] == ["first", "second", "third"]
