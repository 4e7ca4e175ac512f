"""The students: half as wide as the reasoner that teaches them, each taught in another way."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch

from aigc_course import stories
from aigc_course.distillation import answers_only, distillation_loss, traces
from aigc_course.stories import Story
from aigc_course.train.reasoning import (
    Recipe,
    Row,
    bare_sums,
    encode,
    loss_parts,
    of_like_length,
    padded,
    steps_target,
    trained,
)

TEACHER = "reasoner"
BLOCK = 16  # steps whose stories the teacher writes about at once: many rows cost it little more than few


@dataclass(frozen=True)
class Student(Recipe):
    """how: "traces" (the teacher's texts), "answers" (their ends only), "logits" (its probabilities on its texts)."""

    how: str = "traces"
    width: int = 64
    temperature: float = 2.0

    def settings(self, seed: int) -> dict:
        return super().settings(seed) | {"how": self.how, "temperature": self.temperature, "teacher": TEACHER}

    def losses(self, model, tokenizer, seed: int) -> Callable[[int], Iterator[torch.Tensor]]:
        teacher = trained(TEACHER, seed)

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
            rng = random.Random(f"{self.name} {seed} {step}")
            sums = bare_sums(tokenizer, rng, self.sums_at(step), self.kinds, 0.0)
            if self.how == "logits":
                return logit_parts(model, teacher, told + sums, self.temperature)
            return loss_parts(model, told + sums)

        return losses


def logit_parts(model, teacher, rows: list[Row], temperature: float) -> Iterator[torch.Tensor]:
    """The distillation loss on the teacher's own texts, as terms like `loss_parts`."""
    total = sum(len(w) for _, w in rows)
    for part in of_like_length(rows):
        ids, targets = padded(part)
        asked = targets != -100
        with torch.no_grad():
            aim = teacher(ids, use_cache=False).logits[asked]
        logits = model(ids, use_cache=False).logits[asked]
        yield distillation_loss(logits, aim, temperature) * len(aim) / total


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Student("student", steps_target(1), 1200, "Half as wide as the reasoner, taught by the reasoner's texts."),
        Student(
            "student_answers",
            steps_target(0),
            1200,
            "Taught by the reasoner's answers, its thinking left out.",
            per_line=0,
            how="answers",
        ),
        Student("student_logits", steps_target(1), 1200, "Taught by the reasoner's probabilities.", how="logits"),
        Recipe("student_gold", steps_target(1), 1200, "Taught by right steps, without any teacher.", width=64),
    )
}
