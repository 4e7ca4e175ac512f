"""The tool user: a Llama of our usual size that writes a JSON call when it needs a tool, reads the result, and answers.

It learns from fresh questions at every step, with the loss on what it writes itself: calls and answers, not what a tool
reports. The three tools are fixed: the bundled model is not told of them, it has learned their names and arguments.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from aigc_course.train import tool_exam, tool_texts
from aigc_course.train.llama import loss_terms, special_ids, untrained
from aigc_course.train.lm import save
from aigc_course.train.reasoning import load
from aigc_course.train.tool_texts import Task
from aigc_course.train.tool_tokens import CONTEXT, build_tokenizer

__all__ = ["build", "card", "losses", "measure", "save", "settings"]
SEEDS = (1, 2, 3)  # the first is bundled
STEPS, QUESTIONS, LEARNING_RATE = 3600, 32, 1.5e-3
FIRST = 900  # steps with nothing but repetitions: until its heads can copy, no question shows them how
COPIES, LENGTHS = 32, (4, 24)  # bare repetitions per step, as the copier's, then half as many; of tokens: from, to
SUMS = 64  # bare sums per step: 3+5= → 8
WIDTH, LAYERS = 128, 2  # with three layers, or larger first weights, heads that copy came late or not at all
BARS = {"wrong_tool": 0.02, "malformed": 0.005, "wrong": 0.05, "needless": 0.02, "reasoner": 0.6}
TOLERANCE = {"wrong": 0.03, "needless": 0.02}
Row = list[tuple[list[int], bool]]  # the ids of a question, a call, a result, …; whether the model is to write them


def settings(seed: int) -> dict:
    """What a training depends on; a checkpoint made with other settings is not continued."""
    return {
        "seed": seed,
        "steps": STEPS,
        "learning_rate": LEARNING_RATE,
        "questions": QUESTIONS,
        "first": FIRST,
        "copies": COPIES,
        "sums": SUMS,
        "shape": [WIDTH, LAYERS],
        "kinds": {make.__name__: weight for make, weight in tool_texts.KINDS.items()},
    }


def build(seed: int) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """The untrained model and its tokenizer."""
    tokenizer = build_tokenizer()
    shape = {"width": WIDTH, "layers": LAYERS, "context": CONTEXT}
    return untrained(seed, len(tokenizer), special_ids(tokenizer), **shape, spread=0.03), tokenizer


def losses(model, tokenizer, seed: int) -> Callable[[int], Iterator[torch.Tensor]]:
    """step → the terms of its loss."""

    def losses(step: int) -> Iterator[torch.Tensor]:
        rng = random.Random(f"tool_user {seed} {step}")
        if step < FIRST:
            return loss_parts(model, copies(tokenizer, rng, COPIES))
        rows = encode(tokenizer, [tool_texts.training(rng) for _ in range(QUESTIONS)])
        return loss_parts(model, rows + copies(tokenizer, rng, COPIES // 2) + sums(tokenizer, rng, SUMS))

    return losses


def encode(tokenizer, tasks: Sequence[Task]) -> list[Row]:
    """Tasks as ids, as the template lays them out: <s> question, call </s>, result, … answer </s>."""
    told = [[task.question, *tool_texts.turns(task)] for task in tasks]
    told = [[text if i == 0 or i % 2 else _reported(text) for i, text in enumerate(texts)] for texts in told]
    ids = iter(tokenizer([text for texts in told for text in texts], add_special_tokens=False)["input_ids"])
    begin, end = [tokenizer.bos_token_id], [tokenizer.eos_token_id]
    return [
        [(begin + next(ids), False) if i == 0 else (next(ids) + end * (i % 2), bool(i % 2)) for i in range(len(texts))]
        for texts in told
    ]


def copies(tokenizer, rng: random.Random, count: int) -> list[Row]:
    """Random tokens, a part of them twice: what stands there the second time can only be copied. Without these rows
    digits are copied after 600 steps, and no name is (docs/research-log.md)."""
    pool = range(max(tokenizer.all_special_ids) + 1, tokenizer.vocab_size)
    rows = []
    for _ in range(count):
        before, part = (rng.choices(pool, k=k) for k in (rng.randint(0, 8), rng.randint(*LENGTHS)))
        rows.append([([tokenizer.bos_token_id, *before, *part, part[0]], False), (part[1:], True)])
    return rows


def sums(tokenizer, rng: random.Random, count: int) -> list[Row]:
    """The sums that are done in the head, bare: they cost a fifth of the tokens of a question."""
    rows = []
    while len(rows) < count:
        a, op, b = rng.randint(1, 9), rng.choice("+-"), rng.randint(1, 9)
        if (result := a + b if op == "+" else a - b) >= 1:
            asked, written = tokenizer([f"{a}{op}{b}=", f"{result}"], add_special_tokens=False)["input_ids"]
            rows.append([([tokenizer.bos_token_id, *asked], False), (written, True)])
    return rows


def _reported(result: str) -> str:
    return f"<tool_response>{result}</tool_response>"


def loss_parts(model, rows: Sequence[Row]) -> Iterator[torch.Tensor]:
    """`loss_terms` of rows in which the model writes some of the parts."""
    ids = [[i for part, _ in row for i in part] for row in rows]
    aims = [[i if ours else -100 for part, ours in row for i in part] for row in rows]
    return loss_terms(model, list(zip(ids, aims, strict=True)))


def measure(folder: Path, seed: int) -> dict[str, float]:
    """The exam on what was saved, as a learner loads it; the same questions for every seed."""
    return tool_exam.evaluate(load(folder), tool_exam.exam())


def card(results: dict[int, dict]) -> str:
    """The text of the model card. results: seed → measures, the published seed first."""
    model, tokenizer = build(next(iter(results)))
    return tool_exam.card(results, model.num_parameters(), len(tokenizer), LAYERS, STEPS, QUESTIONS)
