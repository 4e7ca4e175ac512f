"""All arms of the reasoning lessons in one table: `python -m aigc_course.train.arms` trains what is not trained yet and
writes datasets/reasoning_arms.csv. Interrupt it at will; run it again and it goes on.

Everything is measured on stories that no model trained on, with 95 % Wilson intervals.
"""

import csv
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from aigc_course import course, rl, stories, train
from aigc_course.progress import home
from aigc_course.reasoning import attempts, exact, majority, pass_at_k
from aigc_course.sampling import wilson
from aigc_course.stories import Story
from aigc_course.train.reasoning import EVERY, RECIPES, build_tokenizer, load, test_stories, trained
from aigc_course.train.students import RECIPES as STUDENTS

FIELDS = ("arm", "base_seed", "seed", "measure", "operations", "value", "low", "high", "n", "tokens", "train_seconds")
SEEDS = (1, 2, 3)
SAMPLES = 16
PLUS_MINUS = (1, 2, 3, 4, 5)  # operations of the carry stories, one more than trained
ELICIT = rl.Settings()
MEND = rl.Settings(
    prompts=64, operations=(1, 2, 3, 4), kinds="+-", learning_rate=3e-4, inner=1, beta=0.0, max_new_tokens=48
)
ELICIT_UPDATES, MEND_UPDATES = 60, 60


def rows_of(pair, asked: Sequence[Story], per_line: int = 1, **how) -> Iterator[dict]:
    """Greedy accuracy, and every step right ("exact"), over all stories and by number of operations."""
    tried = [group[0] for group in attempts(pair, [story.text for story in asked], **how)]
    marks = {
        "accuracy": [a.answer == s.answer for s, a in zip(asked, tried, strict=True)],
        "exact": [exact(s, a, per_line) for s, a in zip(asked, tried, strict=True)],
    }
    for measure, flags in marks.items():
        for k in ("all", *sorted({len(story.ops) for story in asked})):
            chosen = [i for i, story in enumerate(asked) if k in ("all", len(story.ops))]
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


def sampled_rows(pair, asked: Sequence[Story], **how) -> Iterator[dict]:
    """Sixteen samples at temperature 1: majority vote; pass@1 and pass@16 of the answers and of the exact chains."""
    groups = attempts(
        pair,
        [s.text for s in asked],
        temperature=1.0,
        samples=SAMPLES,
        generator=torch.Generator().manual_seed(0),
        **how,
    )
    tokens = sum(len(a.ids) for group in groups for a in group) / len(asked)
    for k in ("all", *sorted({len(story.ops) for story in asked})):
        chosen = [(s, g) for s, g in zip(asked, groups, strict=True) if k in ("all", len(s.ops))]
        votes = sum(majority(a.answer for a in group) == story.answer for story, group in chosen)
        yield row(f"majority@{SAMPLES}", k, votes, len(chosen), tokens)
        for name, mark in (("", lambda s, a: a.answer == s.answer), ("_exact", exact)):
            counts = [sum(mark(story, a) for a in group) for story, group in chosen]
            for draws in (1, SAMPLES):
                hits = sum(pass_at_k(SAMPLES, c, draws) for c in counts)
                yield row(f"pass@{draws}{name}", k, round(hits), len(chosen), tokens * draws / SAMPLES)


# ---- the arms: each a function (folder to work in) → rows; done ones are kept ----------------------------------------


def supervised(name: str, seed: int) -> list[dict]:
    """A model that learned from texts; for the reasoner also longer stories than it was trained on."""
    recipe = (RECIPES | STUDENTS)[name]
    spent = train.run(name, seed)["cpu_seconds"]
    pair = load(home() / "train" / f"{name}-{seed}" / "model")
    rows = list(rows_of(pair, test_stories(tuple(recipe.operations), recipe.kinds), recipe.per_line))
    if name in ("reasoner", "direct"):
        longer = test_stories(tuple(range(stories.LONGEST + 1, stories.LONGEST + 5)))
        rows += [r for r in rows_of(pair, longer, recipe.per_line) if r["operations"] != "all"]
    if name in ("direct", "r1_zero_base"):
        rows += sampled_rows(pair, test_stories(tuple(recipe.operations), recipe.kinds))
    if name == "carry_base":
        asked = test_stories(PLUS_MINUS, "+-")
        rows += [r for r in rows_of(pair, asked) if r["operations"] == PLUS_MINUS[-1]]
        rows += sampled_rows(pair, asked)
    return [r | {"train_seconds": round(spent)} for r in rows]


def reinforced(
    base: str, base_seed: int, seed: int, method: Callable, settings: rl.Settings, updates: int, asked: Sequence[Story]
) -> list[dict]:
    """What `method` (rl.grpo or rl.expert_iteration) makes of a base, with its curve."""
    model, tokenizer = trained(base, base_seed), build_tokenizer()
    reference = trained(base, base_seed) if settings.beta else None
    how = {"reference": reference} if method is rl.grpo else {}
    started, rows = time.process_time(), []
    for update in method(model, tokenizer, updates, settings=settings, seed=seed, **how):
        rows += [
            {"measure": f"curve_{key}", "operations": update.step, "value": f"{getattr(update, key):.4f}"}
            for key in ("reward", "length", "entropy", "kl")
        ]
    spent = round(time.process_time() - started)
    model.eval()
    rows += [*rows_of((model, tokenizer), asked), *sampled_rows((model, tokenizer), asked)]
    return [r | {"train_seconds": spent} for r in rows]


def jobs() -> dict[tuple[str, int | str, int], Callable[[], list[dict]]]:
    """(arm, base_seed, seed) → what measures it, the important ones first."""
    every, carry = test_stories(tuple(EVERY)), test_stories(PLUS_MINUS, "+-")
    expert = replace(ELICIT, beta=0.0)
    table = {}
    for name in (*RECIPES, *STUDENTS):
        table |= {(name, "", s): (lambda name=name, s=s: supervised(name, s)) for s in SEEDS}
    for s in SEEDS:
        table["r1_zero", s, s] = lambda s=s: reinforced("r1_zero_base", s, s, rl.grpo, ELICIT, ELICIT_UPDATES, every)
        table["r1_zero_expert", s, s] = lambda s=s: reinforced(
            "r1_zero_base", s, s, rl.expert_iteration, expert, ELICIT_UPDATES, every
        )
    for base in SEEDS:
        for s in SEEDS:
            table["carry_grpo", base, s] = lambda base=base, s=s: reinforced(
                "carry_base", base, s, rl.grpo, MEND, MEND_UPDATES, carry
            )
            table["carry_expert", base, s] = lambda base=base, s=s: reinforced(
                "carry_base", base, s, rl.expert_iteration, MEND, MEND_UPDATES, carry
            )
    return table


def run(wanted: Sequence[str] = ()) -> Path:
    """Measure the wanted arms ("reasoner", "carry_grpo" …; all if none are named) and write the table."""
    kept = home() / "train" / "arms"
    kept.mkdir(parents=True, exist_ok=True)
    for (arm, base, seed), measure in jobs().items():
        done = kept / f"{arm}-{base}-{seed}.json"
        if done.exists() or (wanted and arm not in wanted):
            continue
        rows = measure()
        done.write_text(json.dumps([{"arm": arm, "base_seed": base, "seed": seed} | r for r in rows]), encoding="utf-8")
        print(arm, base, seed, *(f"{r['measure']} {r['value']}" for r in rows if r["operations"] == "all"), flush=True)
    return write(kept)


def write(kept: Path) -> Path:
    """The table of everything measured so far."""
    path = course.root() / "datasets" / "reasoning_arms.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, FIELDS, restval="", lineterminator="\n")
        table.writeheader()
        for arm, base, seed in jobs():
            done = kept / f"{arm}-{base}-{seed}.json"
            if done.exists():
                table.writerows(json.loads(done.read_text(encoding="utf-8")))
    return path


if __name__ == "__main__":
    print(run(sys.argv[1:]))
