"""Students of `lm`: what its probabilities teach a small model that the texts alone do not.

`python -m aigc_course.train.lm_students` trains every arm with three seeds and writes datasets/lm_students.csv.
"""

import copy
import csv
import math
import random
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from aigc_course import course, grammar, hub, tables
from aigc_course.distillation import distillation_loss
from aigc_course.heads import mean_interval
from aigc_course.train.llama import untrained
from aigc_course.train.lm import padded

ARMS = ("texts", "fresh", "word", "1", "2", "4")
SEEDS = (1, 2, 3)
TEXTS, EXAM = 400, 400  # sentences to learn from; sentences of the exam
STEPS, BATCH, LEARNING_RATE, WARM_UP = 200, 16, 1e-2, 20
WIDTH, LAYERS = 48, 1
# kl_truth, kl_teacher: KL(truth ‖ student) and KL(teacher ‖ student) at the end, nats per token, mean over the exam's
# sentences; low, high: 95 % interval of kl_truth over these; seconds: processor seconds of the training
FIELDS = ("arm", "seed", "kl_truth", "low", "high", "kl_teacher", "seconds")


@dataclass
class Run:
    """A student's training: (step, KL to the truth, KL to the teacher) and (step, copy of the model), as asked for."""

    arm: str
    model: LlamaForCausalLM
    curve: list[tuple[int, float, float]] = field(default_factory=list)
    snapshots: list[tuple[int, LlamaForCausalLM]] = field(default_factory=list)
    seconds: float = 0.0


def build(vocab: int, seed: int, width: int = WIDTH, layers: int = LAYERS) -> LlamaForCausalLM:
    """An untrained student."""
    return untrained(seed, vocab, (1, 2, 0), width=width, layers=layers, context=256, spread=0.05)


@cache
def _everyday():
    """The grammar's state before a sentence of everyday life, in either language."""
    return grammar.load().start_of([program.rules["everyday"] for program in grammar.load().programs.values()])


def sentence(rng: random.Random) -> list[str]:
    """The words of one sentence of everyday life, drawn with the grammar's probabilities."""
    words, state = [], _everyday()
    while True:
        steps = grammar.load().steps(state)
        _, word, state = rng.choices(steps, [p for p, _, _ in steps])[0]
        if word == grammar.END:
            return words
        words.append(word)


def places(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor, Tensor]:
    """(ids, next ids, which of these are asked), each (row, position). The first word is given: no text says it."""
    ids = padded([list(row) for row in rows])
    asked = ids[:, 1:] >= 0
    asked[:, 0] = False
    return ids[:, :-1].clamp(min=0), ids[:, 1:], asked


def outputs(model, rows: Sequence[Sequence[int]]) -> Tensor:
    """The model's last hidden states at the asked places, (places, width), row after row."""
    ids, _, asked = places(rows)
    return model.model(ids, use_cache=False).last_hidden_state[asked]


class School:
    """Texts to learn from, a teacher who has read them once, and an exam whose true answers are known exactly."""

    def __init__(self, seed: int, texts: int = TEXTS, exam: int = EXAM):
        self.teacher, self.tokenizer = hub.load_lm("lm", "cpu")
        self.truth = grammar.Truth(self.tokenizer)
        self.rows = [self.draw(random.Random(f"lm_students {seed} {i}")) for i in range(texts)]
        self.exam = [self.draw(random.Random(f"lm_students exam {i}")) for i in range(exam)]
        known: dict[tuple[int, ...], Tensor] = {}
        self.true = torch.stack([self._true(row[:at], known) for row in self.exam for at in range(2, len(row))])
        with torch.no_grad():
            self.read = [outputs(self.teacher, [row]) for row in self.rows]
            self.taught = self.teacher.lm_head(outputs(self.teacher, self.exam)).softmax(-1)

    def draw(self, rng: random.Random) -> list[int]:
        """A sentence as ids, with start and end."""
        written = grammar.join(sentence(rng))
        return [*self.tokenizer(written)["input_ids"], self.tokenizer.eos_token_id]

    def _true(self, prefix: list[int], known: dict[tuple[int, ...], Tensor]) -> Tensor:
        """The true probabilities (vocab,) after a beginning of an everyday sentence."""
        if (key := tuple(prefix)) not in known:
            belief = {(_everyday(), ()): 1.0}
            for token in prefix[1:]:
                belief = self.truth.advance(belief, token)
            probs = self.truth.probs(belief)
            known[key] = torch.zeros(len(self.tokenizer))
            known[key][list(probs)] = torch.tensor(list(probs.values()))
        return known[key]

    def loss(self, model, arm: str, rng: random.Random) -> Tensor:
        """One step's loss. arm: "texts" (the next word), "fresh" (of texts never seen before), "word" (one word drawn
        from the teacher's probabilities), or a temperature (the teacher's probabilities)."""
        if arm == "fresh":
            chosen, rows = [], [self.draw(rng) for _ in range(BATCH)]
        else:
            chosen = rng.sample(range(len(self.rows)), BATCH)
            rows = [self.rows[i] for i in chosen]
        logits = model.lm_head(outputs(model, rows))
        if arm in ("texts", "fresh"):
            _, words, asked = places(rows)
            return torch.nn.functional.cross_entropy(logits, words[asked])
        with torch.no_grad():
            said = self.teacher.lm_head(torch.cat([self.read[i] for i in chosen]))
        if arm == "word":
            return torch.nn.functional.cross_entropy(logits, torch.multinomial(said.softmax(-1), 1)[:, 0])
        return distillation_loss(logits, said, float(arm))

    def learn(self, arm: str, seed: int, steps: int = STEPS, looks: Sequence[int] = ()) -> Run:
        """Train one student. looks: the steps after which to examine and copy it; the last one always is."""
        model, rng = build(len(self.tokenizer), seed), random.Random(f"lm_students order {seed}")
        run, started = Run(arm, model), time.process_time()
        optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE, betas=(0.9, 0.98), weight_decay=0.01)
        for step in range(1, steps + 1):
            rate = min(step / WARM_UP, 0.5 * (1 + math.cos(math.pi * step / (steps + 1))))
            optimizer.param_groups[0]["lr"] = LEARNING_RATE * rate
            optimizer.zero_grad()
            self.loss(model, arm, rng).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            if step in looks or step == steps:
                run.seconds += time.process_time() - started
                run.curve.append((step, *(float(x.mean()) for x in self.examine(model))))
                run.snapshots.append((step, copy.deepcopy(model).eval()))
                started = time.process_time()
        model.eval()
        return run

    @torch.no_grad()
    def examine(self, model) -> tuple[Tensor, Tensor]:
        """KL(truth ‖ model) and KL(teacher ‖ model) in nats per token, one value for each sentence of the exam."""
        said = model.lm_head(outputs(model, self.exam)).log_softmax(-1)
        lengths = [len(row) - 2 for row in self.exam]

        def by_sentence(p: Tensor) -> Tensor:
            kl = (torch.special.xlogy(p, p) - p * said).sum(-1)
            return torch.stack([part.mean() for part in kl.split(lengths)])

        return by_sentence(self.true), by_sentence(self.taught)


# ---- the table -----------------------------------------------------------------------------------------------------


def path() -> Path:
    """Where the table is."""
    return course.root() / "datasets" / "lm_students.csv"


def measured() -> dict[str, list[dict[str, float]]]:
    """The rows of the table by arm, in its order, one dict per seed."""
    found: dict[str, list[dict[str, float]]] = {}
    for arm, *numbers in tables.rows(path(), FIELDS):
        found.setdefault(arm, []).append(dict(zip(FIELDS[1:], map(float, numbers), strict=True)))
    return found


def run() -> Path:
    """Train every arm, each seed in a process of its own, and write the table."""
    with ProcessPoolExecutor(len(SEEDS)) as pool:
        parts = list(pool.map(one_seed, SEEDS))
    with path().open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(FIELDS)
        table.writerow(parts[0][0])
        for same_arm in zip(*(rows[1:] for rows in parts), strict=True):
            table.writerows(same_arm)
    return path()


def one_seed(seed: int) -> list[list]:
    """The rows of one seed: the teacher's own, then one for each arm."""
    torch.set_num_threads(1)
    school = School(seed)
    rows = [_row("teacher", 0, *school.examine(school.teacher), 0.0)]
    for arm in ARMS:
        done = school.learn(arm, seed)
        rows.append(_row(arm, seed, *school.examine(done.model), done.seconds))
        print(*rows[-1], flush=True)
    return rows


def _row(arm: str, seed: int, true: Tensor, taught: Tensor, seconds: float) -> list:
    numbers = (*mean_interval(true), float(taught.mean()))
    return [arm, seed, *(f"{x:.4f}" for x in numbers), round(seconds)]


if __name__ == "__main__":
    print(run())
