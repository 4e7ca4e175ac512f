"""The students: half as wide as the reasoner that teaches them.

All go on from a half-trained `student_base` and differ in what they are taught by, two of them also in for how long.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch

from aigc_course import stories
from aigc_course.distillation import answers_only, distillation_loss, traces
from aigc_course.stories import Story
from aigc_course.train.reasoning import Recipe, trained
from aigc_course.train.story_texts import Row, encode, loss_parts, padded, parts, steps_target

TEACHER = "reasoner"
BLOCK = 16  # steps whose stories the teacher writes about at once: many rows cost it little more than few


@dataclass(frozen=True)
class Student(Recipe):
    """how: "traces" (the teacher's texts), "answers" (their ends only), "logits" (its probabilities on its texts)."""

    how: str = "traces"
    temperature: float = 2.0

    def settings(self, seed: int) -> dict:
        return super().settings(seed) | {"how": self.how, "temperature": self.temperature, "teacher": TEACHER}

    def losses(self, model, tokenizer, seed: int) -> Callable[[int], Iterator[torch.Tensor]]:
        teacher = trained(TEACHER, 1)  # the bundled one teaches them all: seeds are of the student's training

        @lru_cache(1)
        def block(number: int) -> list[tuple[Story, str]]:
            rng = random.Random(f"{self.name} {seed} block {number}")
            lengths = self.lengths(number * BLOCK)
            asked = [stories.draw(rng, False, operations=lengths) for _ in range(BLOCK * self.batch)]
            pairs = traces((teacher, tokenizer), asked)
            return answers_only(pairs) if self.how == "answers" else pairs

        def losses(step: int) -> Iterator[torch.Tensor]:
            number, at = divmod(step, BLOCK)
            told = encode(tokenizer, block(number)[at * self.batch : (at + 1) * self.batch])
            sums = self.beside(tokenizer, random.Random(f"{self.name} {seed} {step}"))
            if self.how == "logits":
                return logit_parts(model, teacher, told + sums, self.temperature)
            return loss_parts(model, told + sums)

        return losses


def logit_parts(model, teacher, rows: list[Row], temperature: float) -> Iterator[torch.Tensor]:
    """The distillation loss on the teacher's own texts, as terms like `loss_parts`."""
    total = sum(len(w) for _, w in rows)
    for part in parts(rows):
        ids, targets = padded(part)
        asked = targets != -100
        with torch.no_grad():
            aim = teacher(ids, use_cache=False).logits[asked]
        logits = model(ids, use_cache=False).logits[asked]
        yield distillation_loss(logits, aim, temperature) * len(aim) / total


BASE = {"width": 64, "ramp": 300}
# half trained, they differ much from seed to seed, and as much from one processor to another
TAUGHT = {"width": 64, "steps": 500, "parent": "student_base", "TOLERANCE": {"accuracy": 0.15}}
RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe("student_base", steps_target(1), "Half as wide as the reasoner, its training cut short.", 400, **BASE),
        Student("student", steps_target(1), "Taught by the reasoner's texts.", **TAUGHT),
        Student("student_logits", steps_target(1), "Taught by the reasoner's probabilities.", how="logits", **TAUGHT),
        Student(
            "student_answers",
            steps_target(0),
            "Taught by the reasoner's answers, its thinking left out.",
            per_line=0,
            how="answers",
            **TAUGHT,
        ),
        Recipe("student_gold", steps_target(1), "Taught by right steps, without any teacher.", **TAUGHT),
        Recipe(
            "student_gold_long",
            steps_target(1),
            "Taught by right steps for as long as it takes to train the teacher, let him write, and teach.",
            **TAUGHT | {"steps": 4700},
        ),
    )
}
