"""A mixture of experts and two dense models learn to speak and to know a phone book by heart: what do experts buy?

Texts are documents of the course's grammar and lines of a phone book: 16 Chinese names times 16 English ones, a number
of four digits for each pair, drawn once. The grammar can be understood; the numbers can only be memorised.
`python -m aigc_course.train.experts` trains every arm with three seeds and writes datasets/expert_runs.json.
"""

import json
import math
import random
import time
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from itertools import count, islice
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
FIRST, DIGITS = 3, 4  # in a line of the phone book: the place after which digits come, and how many
DOCUMENTS, LINES, LONGEST = 12, 64, 16  # of each kind of text per step; words of a document, at most
EXAM = 100  # documents of the exam; of the phone book it asks every line
EXPERTS = 16
BALANCE = {b: b for b in moe.BALANCES} | {f"switch_{b}": b for b in moe.BALANCES}  # mixture → how it is balanced
ARMS = (*BALANCE, "compute", "size")
RATES, SEEDS = (3e-3, 6e-3, 1.2e-2, 1.5e-3), (1, 2, 3)  # of learning; all arms have the first
STEPS = 600
EVERY, CURVE = 25, 100  # steps from snapshot to snapshot, and from point to point of the curve


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
    return [[zh, en, ":", *rng.choices("0123456789", k=DIGITS)] for zh in names("zh") for en in names("en")]


def ids(texts: list[list[str]]) -> Tensor:
    """(texts, longest), with start and end, filled up with moe.FILL. texts: as words."""
    numbers = vocabulary()
    return padded([[numbers[word] for word in (START, *words, END)] for words in texts])


def documents(number: int, rng: random.Random) -> list[list[str]]:
    """Documents of the grammar, as words; only short ones, so that little of a batch is fill."""
    drawn = (grammar.load().sample(rng) for _ in count())
    return list(islice((words for words in drawn if len(words) <= LONGEST), number))


def batches(seed: int) -> Iterator[Tensor]:
    """Ids of fresh documents and of lines of the phone book, one batch per step, without end."""
    rng = random.Random(f"experts {seed}")
    while True:
        yield ids([*documents(DOCUMENTS, rng), *rng.choices(phone_book(), k=LINES)])


@cache
def exam() -> tuple[Tensor, Tensor]:
    """(ids of documents, ids of the whole phone book). The documents are drawn apart from every training."""
    rng = random.Random("experts exam")
    return ids(documents(EXAM, rng)), ids(phone_book())


def kinds(batch: Tensor) -> Tensor:
    """(T,): the kind of each token that has a next one, in the order of `moe.Model.forward`."""
    return kind_of_id()[batch[:, :-1][batch[:, 1:] != moe.FILL]]


# ---- runs ----------------------------------------------------------------------------------------------------------


@torch.no_grad()
def sent(model: moe.Model) -> tuple[Tensor, Tensor]:
    """(chosen (T, k), kinds (T,)) of the exam's tokens, documents and then the phone book."""
    both = [(model(batch)[1].chosen, kinds(batch)) for batch in exam()]
    return tuple(torch.cat(part) for part in zip(*both, strict=True))


def snapshot(model: moe.Model, step: int, loss: float) -> Snapshot:
    """Where the exam's tokens are sent now."""
    chosen, sort = sent(model)
    share = moe.load(chosen, EXPERTS).tolist()
    counts = moe.traffic(chosen, sort, len(KINDS), EXPERTS).tolist()
    return Snapshot(step, round(loss, 4), [round(s, 4) for s in share], counts)


@torch.no_grad()
def digits_right(model: moe.Model, closed: Collection[int] = ()) -> float:
    """Share of the phone book's digits that are the model's first guess; one in ten by chance."""
    book = exam()[1]
    guess = model(book, closed)[0].argmax(-1).view(len(book), -1)
    return float((guess == book[:, 1:])[:, FIRST : FIRST + DIGITS].float().mean())


def loss_by_kind(model: moe.Model, closed: Collection[int] = ()) -> Tensor:
    """(kinds,), nats: how surprised the model is by what follows a token of each kind, on the exam."""
    lost = torch.cat([moe.losses(model, batch, closed) for batch in exam()])
    sort = torch.cat([kinds(batch) for batch in exam()])
    return torch.zeros(len(KINDS)).index_add(0, sort, lost) / torch.bincount(sort, minlength=len(KINDS))


def without_each(model: moe.Model) -> list[list[float]]:
    """(E, kinds): nats that `loss_by_kind` rises by when this expert is closed."""
    whole = loss_by_kind(model)
    return [[round(x, 4) for x in (loss_by_kind(model, [e]) - whole).tolist()] for e in range(model.shape.experts)]


@torch.no_grad()
def what_experts_know(model: moe.Model, seed: int = 0) -> dict[str, list[float]]:
    """Aspect → (nats that the expert tells about it, the same by chance, the most there could be: all of its entropy,
    but a token goes to k different experts of E, so never more than ln E − ln k).

    kind: of the exam's tokens; the others are of the phone book's tokens after which a digit comes: zh and en, whose
    number it is; place, whether the first, second, third or fourth digit comes; digit, which.
    """
    book, draw, e = exam()[1], torch.Generator().manual_seed(seed), model.shape.experts
    chosen = model(book)[1].chosen.view(len(book), -1, model.shape.chosen)[:, FIRST : FIRST + DIGITS]
    row, places = torch.arange(len(book)), torch.arange(DIGITS)
    digit = book[:, 1:][:, FIRST : FIRST + DIGITS] - vocabulary()["0"]
    asked = {"zh": row[:, None] // 16, "en": row[:, None] % 16, "place": places[None], "digit": digit}
    pairs = {"kind": sent(model)} | {
        name: (chosen.flatten(0, 1), what.expand(len(book), DIGITS).flatten()) for name, what in asked.items()
    }
    found = {}
    for name, (experts, what) in pairs.items():
        n = int(what.max()) + 1
        told, chance = moe.information(moe.traffic(experts, what, n, e)), moe.by_chance(experts, what, n, e, draw)
        entropy = math.log(moe.effective_experts(moe.load(what, n)))  # of what is asked
        most = min(entropy, math.log(e) - math.log(model.shape.chosen))
        found[name] = [round(x, 4) for x in (told, chance, most)]
    return found


def shape(arm: str) -> moe.Shape:
    """Of an arm's model: the mixture, one that routes as the Switch Transformer does, or a dense one."""
    mixture = moe.Shape(len(vocabulary()), experts=EXPERTS)
    if arm.startswith("switch"):
        return replace(mixture, chosen=1, score="softmax", normalise=False, spread=0.05)
    widths = {"compute": mixture.equal_compute, "size": mixture.equal_size}
    return moe.Shape(len(vocabulary()), shared=widths[arm]) if arm in widths else mixture


@dataclass(frozen=True)
class Result:
    """A training that was measured at its end. digits: share of the phone book's that are right; curve: the same after
    every CURVE steps; documents: nats per token; effective, violation: of the exam's load; seconds: of the processor;
    know, without: `what_experts_know` and `without_each`. What an arm (of ARMS) does not have is None."""

    arm: str
    rate: float
    steps: int
    seed: int
    held: int
    used: int
    digits: float
    documents: float
    curve: list[float]
    seconds: float
    effective: float | None = None
    violation: float | None = None
    know: dict[str, list[float]] | None = None
    without: list[list[float]] | None = None


def learn(arm: str, rate: float, steps: int, seed: int, watch: bool = False) -> tuple[Result, list[Snapshot]]:
    """Train one model; the snapshots only if it is watched."""
    torch.manual_seed(seed)
    model = moe.Model(shape(arm))
    recipe = moe.Recipe(steps, rate, BALANCE.get(arm, "none"))
    start, looked, curve, seen = time.process_time(), 0.0, [], []
    for step, loss, _ in moe.train(model, batches(seed), recipe):
        look = time.process_time()  # looking is not training
        if step % CURVE == 0:
            curve.append(round(digits_right(model), 4))
        if watch and (step == 1 or step % EVERY == 0):
            seen.append(snapshot(model, step, loss))
        looked += time.process_time() - look
    seconds = round(time.process_time() - start - looked, 1)
    lost = round(float(moe.losses(model, exam()[0]).mean()), 4)
    known = {}
    if arm in BALANCE:
        share = moe.load(sent(model)[0], EXPERTS)
        known = {"effective": round(moe.effective_experts(share), 2), "violation": round(moe.max_violation(share), 2)}
        known |= {"know": what_experts_know(model), "without": without_each(model)}
    size = moe.held(model), moe.used(model)
    return Result(arm, rate, steps, seed, *size, curve[-1], lost, curve, seconds, **known), seen


def path() -> Path:
    """Where runs and results are stored."""
    return course.root() / "datasets" / "expert_runs.json"


def _stored() -> tuple[dict[str, list[Snapshot]], list[Result]]:
    try:
        kept = json.loads(path().read_text(encoding="utf-8"))
        runs = {label: [Snapshot(*snapshot) for snapshot in run] for label, run in kept["runs"].items()}
        return runs, [Result(**result) for result in kept["results"]]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise CourseError(
            f"读不了存下的训练过程 {path().name}，请用 git checkout 恢复这个文件。",
            f"Cannot read the stored runs {path().name}: restore the file with git checkout.",
        ) from error


def stored_runs() -> dict[str, list[Snapshot]]:
    """The watched runs of the mixture, by how its load is balanced ("none", "loss", "bias")."""
    return _stored()[0]


def stored_results(arm: str, rate: float = RATES[0], steps: int = STEPS) -> list[Result]:
    """The measured trainings of an arm, one per seed; CourseError if there is none."""
    found = [r for r in _stored()[1] if (r.arm, r.rate, r.steps) == (arm, rate, steps)]
    if not found:
        raise CourseError(
            f"{path().name} 里没有 {arm} 以 {rate} 学 {steps} 步的结果；臂有 {'、'.join(ARMS)}。",
            f"{path().name} has no result of {arm} after {steps} steps at {rate}; the arms are {', '.join(ARMS)}.",
        )
    return found


def plan() -> Iterator[tuple[str, float, int, int]]:
    """(arm, rate, steps, seed) of every training. The mixture and its cheap control at other rates too: a control that
    is badly tuned proves nothing. The large control needs no tuning: it knows all there is to know."""
    yield from ((arm, RATES[0], STEPS, seed) for seed in SEEDS for arm in ARMS)
    yield from ((arm, RATES[1], STEPS, seed) for seed in SEEDS for arm in ("bias", "compute"))
    yield from ((arm, RATES[2], STEPS, SEEDS[0]) for arm in ("bias", "compute"))
    yield "compute", RATES[3], STEPS, SEEDS[0]


def main() -> None:
    """Train whatever of `plan` is not stored yet, and store it."""
    torch.set_num_threads(1)
    runs, results = _stored()
    done = {(r.arm, r.rate, r.steps, r.seed) for r in results}
    for arm, rate, steps, seed in (training for training in plan() if training not in done):
        watch = arm in moe.BALANCES and (rate, seed) == (RATES[0], SEEDS[0])
        result, seen = learn(arm, rate, steps, seed, watch)
        results.append(result)
        runs |= {arm: seen} if seen else {}
        labels = [f"{json.dumps(label)}: [\n" + ",\n".join(map(json.dumps, run)) + "\n]" for label, run in runs.items()]
        rows = ",\n".join(json.dumps(asdict(one)) for one in results)
        write_whole(path(), '{"runs": {\n' + ",\n".join(labels) + '\n},\n"results": [\n' + rows + "\n]}\n")
        print(arm, rate, steps, seed, result.digits, result.documents, result.effective, result.seconds, flush=True)


if __name__ == "__main__":
    main()
