"""The tool user: a Llama of our usual size that writes a JSON call when it needs a tool, reads the result, and answers.

It learns from fresh questions at every step, with the loss on what it writes itself: calls and answers, not what a tool
reports. The three tools are fixed: the bundled model is not told of them, it has learned their names and arguments.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

from aigc_course.stories import LANGS, held_out
from aigc_course.train import tool_exam, tool_texts
from aigc_course.train.llama import loss_terms, special_ids, untrained
from aigc_course.train.lm import save
from aigc_course.train.muon import Muon
from aigc_course.train.reasoning import load
from aigc_course.train.tool_texts import Task
from aigc_course.train.tool_tokens import CONTEXT, build_tokenizer

__all__ = ["build", "card", "losses", "measure", "optimizer", "save", "settings"]
SEEDS = (1, 2, 3)  # the first is bundled
STEPS, QUESTIONS, LEARNING_RATE = 2600, 32, 2e-3
FIRST = 700  # steps with nothing but repetitions: until its heads can copy, no question shows them how
COPIES, LENGTHS = 32, (4, 24)  # bare repetitions per step, as the copier's, then few; of tokens: from, to
FEW = 12  # different tokens in half of the later repetitions: the last token alone does not tell what follows
SUMS = 24  # sums done in the head, per step: bare ones, 3+5= → 8, and as many in questions
WIDTH, LAYERS = 128, 3  # the third only from FIRST on: three at once learn to copy late or not at all
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
        "few": FEW,
        "sums": SUMS,
        "shape": [WIDTH, LAYERS],
        "kinds": {make.__name__: weight for make, weight in tool_texts.KINDS.items()},
    }


def build(seed: int) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """The untrained model and its tokenizer."""
    tokenizer = build_tokenizer()
    shape = {"width": WIDTH, "layers": LAYERS, "context": CONTEXT}
    model = untrained(seed, len(tokenizer), special_ids(tokenizer), **shape, spread=0.03)
    last = model.model.layers[-1]
    for weight in (last.self_attn.o_proj.weight, last.mlp.down_proj.weight):  # the last layer adds nothing yet
        torch.nn.init.zeros_(weight)
    return model, tokenizer


class FirstAdam(Muon):
    """Muon after FIRST steps of AdamW: heads that copy form sooner under AdamW, the rest is learned sooner by Muon."""

    def __init__(self, model: LlamaForCausalLM):
        super().__init__(model, LEARNING_RATE)
        self.param_groups[0]["done"] = 0

    def step(self, closure=None) -> None:
        super().step()
        self.param_groups[0]["done"] += 1

    def _matrix(self, p: torch.Tensor, group: dict) -> torch.Tensor:
        return (self._adam if group["done"] < FIRST else super()._matrix)(p, group)


def optimizer(model: LlamaForCausalLM) -> Muon:
    return FirstAdam(model)


def losses(model, tokenizer, seed: int) -> Callable[[int], Iterator[torch.Tensor]]:
    """step → the terms of its loss."""

    def losses(step: int) -> Iterator[torch.Tensor]:
        rng = random.Random(f"tool_user {seed} {step}")
        model.model.layers[-1].requires_grad_(step >= FIRST)
        if step < FIRST:
            return loss_parts(model, copies(tokenizer, rng, COPIES))
        rows = encode(tokenizer, [tool_texts.training(rng) for _ in range(QUESTIONS)])
        rows += copies(tokenizer, rng, COPIES // 8, between=LENGTHS[1]) + copies(tokenizer, rng, COPIES // 4, FEW)
        return loss_parts(model, rows + sums(tokenizer, rng, SUMS) + asked_sums(tokenizer, rng, SUMS))

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


def copies(tokenizer, rng: random.Random, count: int, few: int | None = None, between: int = 0) -> list[Row]:
    """Random tokens, a part of them twice: what stands there the second time can only be copied. Without these rows
    digits are copied after 600 steps, and no name is (docs/research-log.md). few: how many different ones in a row;
    between: tokens between the part and its repetition, at most."""
    every = range(max(tokenizer.all_special_ids) + 1, tokenizer.vocab_size)
    rows = []
    for _ in range(count):
        pool = rng.sample(every, few) if few else every
        before, part = (rng.choices(pool, k=k) for k in (rng.randint(0, 8), rng.randint(*LENGTHS)))
        gap = rng.choices(pool, k=rng.randint(0, between))
        rows.append([([tokenizer.bos_token_id, *before, *part, *gap, part[0]], False), (part[1:], True)])
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


def asked_sums(tokenizer, rng: random.Random, count: int) -> list[Row]:
    """The same in questions, where only the number counts: who gets all bare sums right still fails these."""
    tasks = []
    while len(tasks) < count:
        task = tool_texts.in_the_head(rng, rng.choice(LANGS))
        if not held_out(task.question):
            tasks.append(task)
    return [
        [question, *(([i], tokenizer.decode(i).isdigit()) for i in answer)]
        for question, (answer, _) in encode(tokenizer, tasks)
    ]


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
