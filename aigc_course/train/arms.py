"""All arms of the reasoning lessons in one table: `python -m aigc_course.train.arms [ARM …]` trains what is not trained
yet and writes datasets/reasoning_arms.csv. Interrupt it at will; run it again and it goes on: what the table holds is
done, on whatever machine. To measure an arm again, delete its rows.

Everything is measured on stories that no model trained on, with 95 % Wilson intervals.
"""

import csv
import io
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import torch
from filelock import FileLock

from aigc_course import rl, stories, tables, train
from aigc_course.arms import FIELDS, path, run_path, save_run
from aigc_course.files import write_whole
from aigc_course.progress import home
from aigc_course.reasoning import attempts, exact, majority, pass_at_k
from aigc_course.sampling import wilson
from aigc_course.stories import Story
from aigc_course.train.reasoning import PER_LENGTH, RECIPES, Recipe, load, story_pairs, test_stories, trained
from aigc_course.train.story_texts import build_tokenizer
from aigc_course.train.students import RECIPES as STUDENTS

KNOWN = RECIPES | STUDENTS
SEEDS = (1, 2, 3)
SAMPLES = 16
ALL_CARRY = "all carry"  # in place of a number of operations: the longest trained stories in which each step carries
LONGER = {"reasoner": 4, "direct": 4, "carry_base": 1}  # operations beyond the trained ones that these are asked too
ELICIT = rl.Settings()
MEND = rl.Settings(
    prompts=64,
    operations=(1, 1, 2, 2, 3, 4),  # in a short story it shows at once which step was paid
    kinds="+-",
    learning_rate=5e-4,
    cool_down=0.5,
    inner=1,
    beta=0.0,
    max_new_tokens=48,
)
TOO_LONG = replace(MEND, operations=(5,), max_new_tokens=64)  # one operation more than the base ever saw
# the best of six settings tried on seed 1: longer stories or a higher rate gained nothing, or lost what was there
STUDENT_RL = rl.Settings(
    prompts=64, operations=(1, 1, 2), learning_rate=2e-4, inner=1, beta=0.0, temperature=0.8, max_new_tokens=96
)
# for a student that has been taught: the only one of three settings tried on seed 1 that lost nothing (at 3e-4 on
# stories of all lengths and at 5e-4 on these it did)
TAUGHT_RL = replace(MEND, kinds=STUDENT_RL.kinds, learning_rate=2e-4, max_new_tokens=64)
ELICIT_UPDATES, MEND_UPDATES, STUDENT_UPDATES, TAUGHT_UPDATES = 60, 200, 200, 600
STORED = {*(("r1_zero", seed, seed) for seed in SEEDS), ("carry_grpo", 1, 1)}  # runs that a lesson shows


def groups_of(asked: Sequence[Story], longest: int) -> Iterator[tuple[int | str, list[int]]]:
    """(operations, which stories): "all" that have no more operations than `longest`, then each number of them."""
    yield "all", [i for i, story in enumerate(asked) if len(story.ops) <= longest]
    for k in sorted({len(story.ops) for story in asked}):
        yield k, [i for i, story in enumerate(asked) if len(story.ops) == k]


def rows_of(pair, asked: Sequence[Story], recipe: Recipe) -> Iterator[dict]:
    """Greedy accuracy, and every step right ("exact")."""
    tried = [group[0] for group in attempts(pair, [story.text for story in asked])]
    marks = {
        "accuracy": [a.answer == s.answer for s, a in zip(asked, tried, strict=True)],
        "exact": [exact(s, a, recipe.per_line) for s, a in zip(asked, tried, strict=True)],
    }
    for measure, flags in marks.items():
        for k, chosen in groups_of(asked, max(recipe.operations)):
            yield row(
                measure,
                k,
                sum(flags[i] for i in chosen),
                len(chosen),
                sum(len(tried[i].ids) for i in chosen) / len(chosen),
            )


def row(measure: str, operations: int | str, right: int, n: int, tokens: float) -> dict:
    low, high = wilson(right, n)
    return {
        "measure": measure,
        "operations": operations,
        "value": f"{right / n:.4f}",
        "low": f"{low:.4f}",
        "high": f"{high:.4f}",
        "n": n,
        "tokens": f"{tokens:.1f}",
    }


def sampled_rows(pair, asked: Sequence[Story], recipe: Recipe) -> Iterator[dict]:
    """Sixteen samples at temperature 1: majority vote; pass@1 and pass@16 of the answers and of the exact chains."""
    groups = attempts(
        pair,
        [s.text for s in asked],
        temperature=1.0,
        samples=SAMPLES,
        generator=torch.Generator().manual_seed(0),
    )
    tokens = sum(len(a.ids) for group in groups for a in group) / len(asked)
    for k, which in groups_of(asked, max(recipe.operations)):
        chosen = [(asked[i], groups[i]) for i in which]
        votes = sum(majority(a.answer for a in group) == story.answer for story, group in chosen)
        yield row(f"majority@{SAMPLES}", k, votes, len(chosen), tokens)
        marks = {"": lambda s, a: a.answer == s.answer, "_exact": lambda s, a: exact(s, a, recipe.per_line)}
        for name, mark in marks.items():
            counts = [sum(mark(story, a) for a in group) for story, group in chosen]
            for draws in (1, SAMPLES):
                hits = sum(pass_at_k(SAMPLES, c, draws) for c in counts)
                yield row(f"pass@{draws}{name}", k, round(hits), len(chosen), tokens * draws / SAMPLES)


def pair_rows(pair) -> Iterator[dict]:
    """Does the answer follow the first number? Greedy; right are pairs of stories with both answers right."""
    asked = story_pairs()
    tried = [group[0] for group in attempts(pair, [story.text for both in asked for story in both])]
    twos = list(zip(tried[::2], tried[1::2], strict=True))
    flags = [all(a.answer == s.answer for s, a in zip(*each, strict=True)) for each in zip(asked, twos, strict=True)]
    for k, chosen in groups_of([first for first, _ in asked], stories.LONGEST):
        tokens = statistics.mean(len(a.ids) for i in chosen for a in twos[i])
        yield row("pairs", k, sum(flags[i] for i in chosen), len(chosen), tokens)


# ---- the arms: each a function (folder to work in) → rows; done ones are kept ----------------------------------------


def rows_for(pair, name: str, sampled: bool = True) -> list[dict]:
    """All rows of a model that is, or began as, `name`."""
    recipe = KNOWN[name]
    ways = (rows_of, sampled_rows) if sampled else (rows_of,)
    rows = [row for way in ways for row in way(pair, recipe.asked(LONGER.get(name, 0)), recipe)]
    if recipe.longest_sum == stories.LONGEST:  # these answer the longest stories at once: do they calculate?
        rows += pair_rows(pair)
    if recipe.forget:
        longest = max(recipe.operations)
        asked = test_stories((longest,), recipe.kinds, PER_LENGTH, longest)
        hard = [row for way in ways for row in way(pair, asked, recipe) if row["operations"] == "all"]
        rows += [row | {"operations": ALL_CARRY} for row in hard]
    return rows


def supervised(name: str, seed: int) -> list[dict]:
    """A model that learned from texts."""
    spent = train.run(name, seed)["cpu_seconds"]
    pair = load(home() / "train" / f"{name}-{seed}" / "model")
    rows = rows_for(pair, name, name in ("direct", "r1_zero_base", "carry_base", "student_base", "student"))
    return [r | {"train_seconds": round(spent)} for r in rows]


def reinforced(
    arm: str,
    base: str,
    base_seed: int,
    seed: int,
    method: Callable,
    settings: rl.Settings,
    updates: int,
) -> list[dict]:
    """What `method` (rl.grpo or rl.expert_iteration) makes of a base."""
    model, tokenizer = trained(base, base_seed), build_tokenizer()
    how = {"reference": trained(base, base_seed)} if settings.beta else {}
    started = time.process_time()
    seen = list(method(model, tokenizer, updates, settings=settings, seed=seed, **how))
    spent = round(time.process_time() - started)
    if (arm, base_seed, seed) in STORED:
        save_run(seen, run_path(f"{arm}-{base_seed}-{seed}"))
    model.eval()
    return [r | {"train_seconds": spent} for r in rows_for((model, tokenizer), base)]


def jobs() -> dict[tuple[str, str, str], Callable[[], list[dict]]]:
    """(arm, base_seed, seed), as the table writes them, → what measures it."""
    expert = replace(ELICIT, beta=0.0)
    table = {(name, "", str(s)): partial(supervised, name, s) for name, recipe in KNOWN.items() for s in recipe.SEEDS}

    def add(arm: str, base: str, *how, pairs: Iterable[tuple[int, int]]) -> None:
        for base_seed, seed in pairs:
            table[arm, str(base_seed), str(seed)] = partial(reinforced, arm, base, base_seed, seed, *how)

    same, each = [(s, s) for s in SEEDS], list(product(SEEDS, SEEDS))
    add("r1_zero", "r1_zero_base", rl.grpo, ELICIT, ELICIT_UPDATES, pairs=same)
    add("r1_zero_expert", "r1_zero_base", rl.expert_iteration, expert, ELICIT_UPDATES, pairs=same)
    add("carry_grpo", "carry_base", rl.grpo, MEND, MEND_UPDATES, pairs=each)
    add("carry_expert", "carry_base", rl.expert_iteration, MEND, MEND_UPDATES, pairs=same)
    add("carry_five", "carry_base", rl.grpo, TOO_LONG, MEND_UPDATES, pairs=same)
    add("student_rl", "student_base", rl.grpo, STUDENT_RL, STUDENT_UPDATES, pairs=same)
    add("student_then_rl", "student", rl.grpo, TAUGHT_RL, TAUGHT_UPDATES, pairs=same)
    return table


def run(wanted: Sequence[str] = ()) -> Path:
    """Measure the wanted arms ("reasoner", or of one seed "reasoner--1", "carry_grpo-1-2"; all if none are named) that
    the table lacks, and put each into it as soon as it is done. Several processes may do so side by side."""
    for key, measure in jobs().items():
        arm = "-".join(map(str, key))
        if key in kept() or (wanted and not {key[0], arm} & set(wanted)):
            continue
        rows = measure()
        add(key, rows)
        print(arm, *(f"{r['measure']} {r['value']}" for r in rows if r["operations"] == "all"), flush=True)
    return path()


def kept() -> dict[tuple[str, str, str], list[list[str]]]:
    """The rows of the table, by (arm, base_seed, seed); none if there is no table yet."""
    found: dict = {}
    for row in tables.rows(path(), FIELDS) if path().exists() else ():
        found.setdefault((row[0], row[1], row[2]), []).append(row)
    return found


def add(key: tuple, rows: Sequence[dict]) -> None:
    """Put the rows of one job into the table, in the order of the jobs."""
    home().mkdir(parents=True, exist_ok=True)
    with FileLock(home() / "arms.lock"):
        table = kept() | {
            key: [[str((dict(zip(FIELDS, key, strict=False)) | row).get(f, "")) for f in FIELDS] for row in rows]
        }
        order = list(jobs())
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(
            [FIELDS, *(row for k in sorted(table, key=order.index) for row in table[k])]
        )
        write_whole(path(), text.getvalue())


if __name__ == "__main__":
    print(run(sys.argv[1:]))
