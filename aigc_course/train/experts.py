"""A mixture of experts and two dense models learn to speak and to know a phone book by heart: what do experts buy?

Texts are documents of the course's grammar and lines of a phone book: 16 Chinese names times 16 English ones, a number
of four digits for each pair, drawn once. The grammar can be understood; the numbers can only be memorised.
`python -m aigc_course.train.experts` trains every arm with three seeds and writes datasets/expert_runs.json.
"""

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_course import course, grammar, moe
from aigc_course.errors import CourseError
from aigc_course.files import write_whole
from aigc_course.i18n import LANGS
from aigc_course.train.lm import padded

KINDS = ("zh", "en", "name", "digit", "mark", "start")  # of tokens: Chinese word, English word, … punctuation, <s>
START, END = "<s>", "</s>"
DIGITS = 4  # of a number in the phone book
DOCUMENTS, LINES = 20, 48  # of each kind of text per step
EXAM = 200  # documents of the exam; of the phone book it asks every line
EVERY = 10  # steps from snapshot to snapshot


class Snapshot(NamedTuple):
    """A moment of a training. step: from 1; loss: of that step, nats per token; load: each expert's share of the
    exam's choices, (E,); traffic: how often the exam's tokens of each kind went to each expert, (kinds, E)."""

    step: int
    loss: float
    load: list[float]
    traffic: list[list[int]]


# ---- data ----------------------------------------------------------------------------------------------------------


def names(lang: str) -> list[str]:
    """The 16 people of the grammar, in one language."""
    return [row.cells["name"][0] for row in grammar.load().programs[lang].tables["person"]]


@cache
def vocabulary() -> dict[str, int]:
    """Word → id: start and end, the digits, every word of the grammar in both languages."""
    words = [START, END, *"0123456789", *(word for lang in LANGS for word in grammar.words(lang))]
    return {word: i for i, word in enumerate(dict.fromkeys(words))}


def kind(word: str) -> str:
    """Which of KINDS a word is."""
    if word == START:
        return "start"
    if any(word in names(lang) for lang in LANGS):
        return "name"
    if word.isascii() and word.isdigit():
        return "digit"
    if not any(c.isalnum() for c in word):
        return "mark"
    return "en" if word.isascii() else "zh"


@cache
def kind_of_id() -> Tensor:
    """(vocabulary,): each word's place in KINDS."""
    return torch.tensor([KINDS.index(kind(word)) for word in vocabulary()])


@cache
def phone_book() -> list[list[str]]:
    """256 lines, each as words: a Chinese name, an English name, a colon, four digits. Always the same."""
    rng = random.Random("phone book")
    pairs = [(zh, en) for zh in names("zh") for en in names("en")]
    return [[zh, en, ":", *rng.choices("0123456789", k=DIGITS)] for zh, en in pairs]


def ids(texts: list[list[str]]) -> Tensor:
    """(texts, longest), with start and end, filled up with moe.FILL. texts: as words."""
    numbers = vocabulary()
    return padded([[numbers[word] for word in (START, *words, END)] for words in texts])


def batches(seed: int, documents: int = DOCUMENTS, lines: int = LINES) -> Iterator[Tensor]:
    """Ids of fresh documents and of lines of the phone book, one batch per step, without end."""
    rng = random.Random(f"experts {seed}")
    while True:
        told = [grammar.load().sample(rng) for _ in range(documents)]
        yield ids([*told, *rng.choices(phone_book(), k=lines)])


@cache
def exam() -> tuple[Tensor, Tensor]:
    """(ids of documents, ids of the whole phone book). The documents are drawn apart from every training."""
    rng = random.Random("experts exam")
    return ids([grammar.load().sample(rng) for _ in range(EXAM)]), ids(phone_book())


def kinds(batch: Tensor) -> Tensor:
    """(T,): the kind of each token that has a next one, in the order of `moe.Model.forward`."""
    return kind_of_id()[batch[:, :-1][batch[:, 1:] != moe.FILL]]


# ---- runs ----------------------------------------------------------------------------------------------------------


@torch.no_grad()
def snapshot(model: moe.Model, step: int, loss: float) -> Snapshot:
    """Where the exam's tokens are sent now."""
    e = model.shape.experts
    both = [(model(batch)[1].chosen, kinds(batch)) for batch in exam()]
    chosen, sort = (torch.cat(part) for part in zip(*both, strict=True))
    found = moe.traffic(chosen, sort, len(KINDS), e)
    return Snapshot(step, round(loss, 4), [round(s, 4) for s in moe.load(chosen, e).tolist()], found.tolist())


@torch.no_grad()
def digits_right(model: moe.Model, closed=()) -> float:
    """Share of the phone book's digits that are the model's first guess."""
    book = exam()[1]
    guess = model(book, closed)[0].argmax(-1).view(len(book), -1)
    return float((guess == book[:, 1:])[:, 3 : 3 + DIGITS].float().mean())


def loss_of_documents(model: moe.Model, closed=()) -> float:
    """Nats per token on the exam's documents."""
    return float(moe.losses(model, exam()[0], closed).mean())


def path() -> Path:
    """Where the stored runs are."""
    return course.root() / "datasets" / "expert_runs.json"


def stored_runs() -> dict[str, list[Snapshot]]:
    """The watched runs of the mixture, by how its load is balanced ("none", "loss", "bias")."""
    try:
        kept = json.loads(path().read_text(encoding="utf-8"))["runs"]
        return {label: [Snapshot(*snapshot) for snapshot in run] for label, run in kept.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CourseError(
            f"读不了存下的训练过程 {path().name}，请用 git checkout 恢复这个文件。",
            f"Cannot read the stored runs {path().name}: restore the file with git checkout.",
        ) from error


def watched(seed: int, balance: str, steps: int) -> list[Snapshot]:
    """The snapshots of one training of the mixture."""
    torch.manual_seed(seed)
    model = moe.Model(moe.Shape(len(vocabulary()), experts=16))
    recipe = moe.Recipe(steps, balance=balance)
    return [
        snapshot(model, step, loss)
        for step, loss, _ in moe.train(model, batches(seed), recipe)
        if step == 1 or step % EVERY == 0
    ]


def main() -> None:
    """Write datasets/expert_runs.json."""
    torch.set_num_threads(1)
    runs = {balance: watched(1, balance, 100) for balance in moe.BALANCES}
    lines = ",\n".join(
        f"{json.dumps(label)}: [\n" + ",\n".join(map(json.dumps, run)) + "\n]" for label, run in runs.items()
    )
    write_whole(path(), '{"runs": {\n' + lines + "\n}}\n")


if __name__ == "__main__":
    main()
