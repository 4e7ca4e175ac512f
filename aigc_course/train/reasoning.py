"""The models that solve arithmetic stories: with steps, without, and the two that reinforcement learning starts from.

All are small Llamas with the same tokenizer and differ in what they are shown after a story, drawn afresh at each step.
"""

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cache
from itertools import islice
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM

from aigc_course import stories, train
from aigc_course.progress import home
from aigc_course.reasoning import attempts
from aigc_course.stories import Story
from aigc_course.train import manifest
from aigc_course.train.llama import special_ids, untrained
from aigc_course.train.muon import Muon
from aigc_course.train.story_texts import (
    CONTEXT,
    Row,
    Target,
    bare_sums,
    build_tokenizer,
    carries,
    encode,
    forgetful_target,
    habits_target,
    loss_parts,
    steps_target,
)

PER_LENGTH = 128  # test stories of each number of operations, half of them Chinese
CARRY_PER_LENGTH = 256  # for the models that know four lengths only
PAIRS_PER_LENGTH = 256
EVERY = range(1, stories.LONGEST + 1)


def build_model(tokenizer, seed: int, width: int, layers: int) -> LlamaForCausalLM:
    """A Llama with four heads, freshly drawn from `seed`."""
    return untrained(seed, len(tokenizer), special_ids(tokenizer), width=width, layers=layers, context=CONTEXT)


# ---- the recipes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recipe:
    """How one model is made; `aigc train NAME` asks it in this order: settings, build, losses, save, measure, card."""

    name: str
    target: Target
    about: str
    steps: int
    learning_rate: float = 3e-3
    batch: int = 32  # stories per step
    sums: int = 96  # bare sums per step
    ramp: int = 400  # steps until stories of all lengths are drawn
    width: int = 128
    layers: int = 3  # with two, the model now and then takes two operations in the wrong order
    per_line: int = 1  # of the written steps, for the exact measure
    longest_sum: int | None = None  # operations of the longest bare sum; None: as many as this model's lines have
    parent: str | None = None  # the model, of the same seed, that training starts from
    gentle: bool = False  # AdamW instead of Muon, where what was learned is to be kept
    operations: Sequence[int] = EVERY
    kinds: str = stories.KINDS
    forget: float = 0.0  # how often carry and borrow are forgotten
    BARS: dict[str, float] = field(default_factory=dict)
    TOLERANCE: dict[str, float] = field(default_factory=lambda: {"accuracy": 0.02})
    SEEDS: tuple[int, ...] = (1, 2, 3)

    def settings(self, seed: int) -> dict:
        """What a training depends on."""
        apart = {"name", "target", "about", "operations", "BARS", "TOLERANCE", "SEEDS"}
        kept = {f.name: getattr(self, f.name) for f in fields(Recipe) if f.name not in apart}
        return {"seed": seed} | {k: v for k, v in kept.items() if v is not None} | {"operations": list(self.operations)}

    def optimizer(self, model) -> torch.optim.Optimizer | None:
        """Muon, or the loop's AdamW (None)."""
        return None if self.gentle else Muon(model, self.learning_rate)

    def lengths(self, step: int) -> list[int]:
        """The numbers of operations drawn at this step: short stories first."""
        longest = len(self.operations) if self.parent else 2 + (len(self.operations) - 2) * step // self.ramp
        return list(self.operations[:longest])

    def beside(self, tokenizer, rng: random.Random) -> list[Row]:
        """The bare sums of one step, ended as this model's answers are."""
        lengths = range(1, (self.longest_sum or max(self.per_line, 1)) + 1)
        return bare_sums(tokenizer, rng, self.sums, self.kinds, self.forget, lengths, last=self.per_line == 0)

    def build(self, seed: int):
        """(model, tokenizer) to start from."""
        tokenizer = build_tokenizer()
        if self.parent:
            return trained(self.parent, seed), tokenizer
        return build_model(tokenizer, seed, self.width, self.layers), tokenizer

    def losses(self, model, tokenizer, seed: int) -> Callable[[int], Iterator[torch.Tensor]]:
        """step → the terms of its loss."""
        return lambda step: loss_parts(model, examples(self, tokenizer, seed, step))

    def save(self, model, tokenizer, folder: Path) -> Path:
        """Write model (float16) and tokenizer in Hugging Face format."""
        copy.deepcopy(model).half().save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    def measure(self, folder: Path, seed: int) -> dict[str, float]:
        """`evaluate` on what was saved, as a learner loads it."""
        return evaluate(load(folder), self.asked(), self.per_line)

    def asked(self, longer: int = 0) -> list[Story]:
        """What this model is tested on: stories of the trained lengths and up to `longer` operations more; after a
        forgetful teacher only those in which there is something to forget."""
        lengths = (*self.operations, *range(max(self.operations) + 1, max(self.operations) + 1 + longer))
        return test_stories(lengths, self.kinds, CARRY_PER_LENGTH if self.forget else PER_LENGTH, int(self.forget > 0))

    def card(self, results: dict[int, dict]) -> str:
        """The model's README."""
        seeds = "\n".join(
            f"| {seed} | {r['accuracy']:.3f} | {r['exact']:.3f} | {r['tokens']:.1f} |" for seed, r in results.items()
        )
        asked = len(self.asked())
        lengths = f"{min(self.operations)} to {max(self.operations)}"
        return f"""---
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
language: [zh, en]
---
# {self.name}

{self.about}

A Llama-type model of {self.layers} layers for the AIGC Course. Its only data are the arithmetic stories of
`aigc_course/stories.py`, drawn afresh while it trains; stories whose hash falls to the test are never trained on.
Made by `aigc train {self.name} --publish`. It knows nothing else: ask it no other questions.

Greedy, on {asked} unseen stories of {lengths} operations:

| seed | right answers | every step right | tokens written |
|---|---|---|---|
{seeds}
"""


def examples(recipe: Recipe, tokenizer, seed: int, step: int) -> list[Row]:
    """The rows of one step: they depend on recipe, seed and step only, so training can be resumed."""
    rng = random.Random(f"{recipe.name} {seed} {step}")
    told = encode(tokenizer, [recipe.target(rng, recipe.lengths(step)) for _ in range(recipe.batch)])
    return told + recipe.beside(tokenizer, rng)


def load(folder: Path):
    """(model, tokenizer) from a folder, as a learner loads it."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model.eval(), AutoTokenizer.from_pretrained(folder)


def trained(name: str, seed: int):
    """The model `name` of this seed: the bundled one if it was made so, else trained now if it is not yet."""
    if manifest.read(manifest.ZOO).get(name, {}).get("settings") == train.recipe_of(name).settings(seed):
        return load(manifest.ZOO / name)[0]
    train.first(name, seed)
    return load(home() / "train" / f"{name}-{seed}" / "model")[0]


# ---- measuring -----------------------------------------------------------------------------------------------------


@cache
def test_stories(
    operations: Sequence[int] = EVERY, kinds: str = stories.KINDS, per_length: int = PER_LENGTH, least: int = 0
) -> list[Story]:
    """Stories that no model trained on, the same for every model, as many of each length and language. least: steps in
    which something is carried or borrowed."""
    rng = random.Random("test")

    def drawn(k: int, lang: str) -> Iterator[Story]:
        while True:
            story = stories.draw(rng, True, operations=k, lang=lang, kinds=kinds)
            if carries(story) >= least:
                yield story

    return [s for k in operations for lang in stories.LANGS for s in islice(drawn(k, lang), per_length // 2)]


@cache
def story_pairs() -> list[tuple[Story, Story]]:
    """Pairs of test stories that differ in the number at the start only, as many of each length. The second one starts
    from the nearest number with which all operations are possible and the text falls to the test as well."""
    rng = random.Random("pairs")

    def drawn(k: int) -> Iterator[tuple[Story, Story]]:
        while True:
            story = stories.draw(rng, True, operations=k)
            others = (stories.restarted(story, n) for n in stories.STARTS if n != story.start)
            unseen = [other for other in others if other and stories.held_out(other.text)]
            if unseen:
                yield story, min(unseen, key=lambda other: abs(other.start - story.start))

    return [pair for k in EVERY for pair in islice(drawn(k), PAIRS_PER_LENGTH)]


def evaluate(model_and_tokenizer, asked: Sequence[Story], per_line: int = 1, **how) -> dict[str, float]:
    """Greedy accuracy, over all and by language and number of operations. exact: every step right, too; tokens: written
    per story, the end included; n: stories. how: as in `reasoning.attempts`."""
    tried = [group[0] for group in attempts(model_and_tokenizer, [story.text for story in asked], **how)]
    right = [a.answer == story.answer for story, a in zip(asked, tried, strict=True)]
    exact = [a.text == stories.completion(story, per_line) for story, a in zip(asked, tried, strict=True)]

    def share(flags: Sequence[bool], chosen: Callable[[Story], bool] = lambda story: True) -> float:
        kept = [flag for flag, story in zip(flags, asked, strict=True) if chosen(story)]
        return sum(kept) / len(kept)

    lengths = sorted({len(story.ops) for story in asked})
    return {
        "accuracy": share(right),
        "error": 1 - share(right),
        "exact": share(exact),
        "tokens": sum(len(a.ids) for a in tried) / len(tried),
        **{f"accuracy_{lang}": share(right, lambda s, lang=lang: s.lang == lang) for lang in stories.LANGS},
        **{f"accuracy_{k}": share(right, lambda s, k=k: len(s.ops) == k) for k in lengths},
        "n": len(asked),
    }


FORGET = 0.6, 0.85  # of the forgetful teacher, at first and in the end
FORGETFUL = {"operations": (1, 2, 3, 4), "kinds": "+-"}
STEPWISE = {
    "reasoner": "Thinks one operation at a time, then answers.",
    "two_per_line": "Thinks two operations at a time, then answers.",
    "three_per_line": "Thinks three operations at a time, then answers.",
}
RECIPES = {
    name: Recipe(name, steps_target(n), about, 1600, per_line=n, BARS={"error": 0.01} if n == 1 else {})
    for n, (name, about) in enumerate(STEPWISE.items(), start=1)
}
RECIPES |= {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "direct",
            steps_target(0),
            "Answers at once, without a step.",
            2000,
            per_line=0,
            batch=64,
            ramp=800,
            BARS={"accuracy": 0.6},
            TOLERANCE={"accuracy": 0.05},
        ),
        Recipe(
            "r1_zero_base",
            habits_target,
            "Can think and can answer at once, and prefers the latter.",
            120,
            learning_rate=5e-4,
            sums=0,
            parent="reasoner",
            gentle=True,
        ),
        Recipe(
            "carry_start",
            forgetful_target(FORGET[0]),
            "Sums like its teacher, who forgets to carry more often than not.",
            1500,
            sums=256,
            forget=FORGET[0],
            **FORGETFUL,
        ),
        Recipe(
            "carry_base",
            forgetful_target(FORGET[1]),
            "Sums like its teacher, who by now hardly ever carries.",
            120,
            learning_rate=5e-4,
            parent="carry_start",
            gentle=True,
            TOLERANCE={"accuracy": 0.03},
            forget=FORGET[1],
            **FORGETFUL,
        ),
    )
}
# what `direct` lacks: practice in sums of several steps, which three steps on a line had, or the sum set down?
RECIPES |= {
    name: replace(RECIPES[base], name=name, about=f"{RECIPES[base].about} {practised}", longest_sum=longest, sums=sums)
    for name, base, longest, sums, practised in (
        ("direct_long_sums", "direct", 3, 96, "Practised bare sums of up to three operations."),
        ("three_per_line_short_sums", "three_per_line", 1, 96, "Practised bare sums of one operation only."),
        # of each length as many as `direct_long_sums`
        ("direct_whole_sums", "direct", 8, 256, "Practised bare sums as long as its stories."),
    )
}
# the same, taught for longer: whether the test-time-compute curve is one of training time
RECIPES |= {
    f"{name}_{how}": replace(RECIPES[name], name=f"{name}_{how}", steps=times * RECIPES[name].steps, SEEDS=seeds)
    for how, times, seeds in (
        ("twice", 2, (1,)),
        ("four_times", 4, (1, 2, 3)),
        ("eight_times", 8, (1, 2, 3)),
        ("sixteen_times", 16, (1, 2, 3)),
        ("thirtytwo_times", 32, (1, 2, 3)),
        ("sixtyfour_times", 64, (1, 2)),
    )
    for name in train.LONGER[how]
}
