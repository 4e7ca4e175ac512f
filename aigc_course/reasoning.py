"""Asking a model that thinks before it answers, one that does not, and measuring both.

The models are small Llamas that solve arithmetic stories (`aigc_course.stories`). A thinking one first writes
its steps: <think>7+5=12，12-3=9</think>9; a direct one writes 9.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_course import hub, stories
from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.rollouts import Rule, rollout

OPEN, CLOSE = "<think>", "</think>"
MAX_NEW_TOKENS = 160
ROWS = 512  # texts written at a time


@dataclass(frozen=True)
class Reply:
    """A model's reply. answer: None where it wrote no number; thinking: the steps, "" if none; tokens: how many it
    wrote, the end included; outside: one sentence why the model was not made for this question, None if it was."""

    answer: int | None
    thinking: str
    tokens: int
    outside: str | None = None

    def __str__(self) -> str:
        shown = t("没有答案", "no answer") if self.answer is None else str(self.answer)
        shown = f"{OPEN}{self.thinking}{CLOSE}{shown}" if self.thinking else shown
        return f"{shown}  ⚠ {self.outside}" if self.outside else shown


class Attempt(NamedTuple):
    """One text that a model wrote: its ids (the end included), the text, and what stands in it."""

    ids: list[int]
    text: str
    thinking: str
    answer: int | None


def ask(question: str, model="reasoner", think: bool = True, budget: int | None = None) -> Reply:
    """Ask one arithmetic story, in Chinese or English; the model answers greedily.

    model: the name of a bundled model, or a pair (model, tokenizer). think: False forbids the thinking. budget: at most
    so many thinking tokens, then the thinking is cut off and the answer demanded. A question that the models were not
    made for is answered all the same, and the reply's `outside` says so. CourseError for an empty or overlong question,
    an unknown model, a budget that is not a whole number from 0 up.
    """
    if not question.strip():
        raise CourseError("问题是空的：请写一道应用题。", "The question is empty: write a story.")
    [[attempt]] = attempts(model, [question.strip()], think=think, budget=budget)
    reason = stories.outside(question)
    return Reply(attempt.answer, attempt.thinking, len(attempt.ids), reason and str(reason))


@cache
def load(name: str):
    """(model, tokenizer) of a bundled model, loaded once."""
    return hub.load_lm(name, "cpu")


def attempts(
    model,
    questions: Sequence[str],
    *,
    think: bool = True,
    budget: int | None = None,
    temperature: float = 0.0,
    samples: int = 1,
    generator: torch.Generator | None = None,
    max_new_tokens: int = MAX_NEW_TOKENS,
) -> list[list[Attempt]]:
    """For each question, `samples` texts that the model writes. temperature 0 is greedy; the rest as in `ask`."""
    model, tokenizer = load(model) if isinstance(model, str) else model
    rule = thinking_rule(tokenizer, think, budget)
    prompts = tokenizer(list(questions))["input_ids"]
    longest = max(map(len, prompts), default=0)
    if longest + max_new_tokens > model.config.max_position_embeddings:
        room = model.config.max_position_embeddings - max_new_tokens
        raise CourseError(
            f"问题太长：有 {longest} 个 token，最多 {room} 个，请写短一些。",
            f"The question is too long: {longest} tokens, at most {room} fit. Shorten it.",
        )
    written, size = [], max(1, ROWS // samples)
    for at in range(0, len(prompts), size):
        written += rollout(
            model,
            prompts[at : at + size],
            max_new_tokens=max_new_tokens,
            temperature=temperature,
            samples=samples,
            generator=generator,
            rule=rule,
        )
    texts = tokenizer.batch_decode([ids[:-1] if ids[-1:] == [tokenizer.eos_token_id] else ids for ids in written])
    every = [Attempt(ids, text, *stories.split_reply(text)) for ids, text in zip(written, texts, strict=True)]
    return [every[at : at + samples] for at in range(0, len(every), samples)]


def thinking_rule(tokenizer, think: bool = True, budget: int | None = None) -> Rule | None:
    """What `think` and `budget` do to the logits: forbid <think>, or write </think> once the budget is spent."""
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget < 0):
        raise CourseError(
            f"budget 是最多思考多少个 token，要是 0、1、2……这样的整数，现在是 {budget!r}。",
            f"budget is the most thinking tokens allowed, a whole number from 0, but it is {budget!r}.",
        )
    opening, closing = tokenizer.convert_tokens_to_ids([OPEN, CLOSE])
    if think and budget is None:
        return None

    def rule(logits: Tensor, written: Tensor) -> Tensor:
        if not think:
            return logits.index_fill(-1, torch.tensor([opening], device=logits.device), -math.inf)
        if written.shape[1] != budget + 1:
            return logits
        cut = (written[:, 0] == opening) & ~(written == closing).any(-1)
        forced = torch.full_like(logits, -math.inf)
        forced[:, closing] = 0
        return torch.where(cut[:, None], forced, logits)

    return rule


# ---- measuring -----------------------------------------------------------------------------------------------------


def exact(story: stories.Story, attempt: Attempt, per_line: int = 1) -> bool:
    """Whether every written step is right, not the answer alone (a wrong chain may end on a right number)."""
    return attempt.text == stories.completion(story, per_line)


def first_fault(story: stories.Story, thinking: str) -> int | None:
    """The first line (from 0) of the thinking that is not the story's; a missing or a superfluous one counts; None if
    all are right."""
    right, there = stories.lines(story.start, story.ops), thinking.split("，") if thinking else []
    wrong = (i for i in range(max(len(right), len(there))) if right[i : i + 1] != there[i : i + 1])
    return next(wrong, None)


def majority(answers: Iterable[int | None]) -> int | None:
    """The answer given most often (self-consistency, Wang et al. 2023): of equals the earlier; None if none."""
    votes = Counter(answer for answer in answers if answer is not None)
    return votes.most_common(1)[0][0] if votes else None


def pass_at_k(n: int, right: int, k: int) -> float:
    """The chance that one of k samples is right, without bias from `right` of n: 1 − C(n−right,k)/C(n,k) (Chen et al.
    2021)."""
    if not 0 <= right <= n or not 1 <= k <= n:
        raise CourseError(
            f"要 0 ≤ right ≤ n 且 1 ≤ k ≤ n，现在 n={n}，right={right}，k={k}。",
            f"0 ≤ right ≤ n and 1 ≤ k ≤ n are needed, but n={n}, right={right}, k={k}.",
        )
    return 1 - math.comb(n - right, k) / math.comb(n, k)
