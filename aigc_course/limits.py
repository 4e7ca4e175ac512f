"""Where a language model's knowledge ends, and how to tell: hallucination, calibration, silence, mixed languages.

A model is asked for facts whose answers are known, and so is how often its training stated them. Each of its answers
has a confidence, the probability that it gave to what it wrote. Everything after `ask` needs only two equally long
sequences, confidences in 0…1 and whether each answer was right, and so serves any model, and people.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch

from aigc_course import grammar, sampling
from aigc_course.errors import CourseError

ENDS = ("。", ".", "？", "?", "！", "!")


class Answer(NamedTuple):
    """A model's answer to one way of asking for a fact. confidence: the probability of `said`, 0…1."""

    fact: grammar.Fact
    question: str
    said: str
    confidence: float
    right: bool


class Bin(NamedTuple):
    """Answers of like confidence: `low` < confidence ≤ `high`. confidence: their mean; accuracy: the share that is
    right, `interval` its 95 % Wilson interval; n: how many."""

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float
    interval: tuple[float, float]


# ---- facts and answers ---------------------------------------------------------------------------------------------


def chance(tokenizer, text: str) -> float:
    """The grammar's exact probability that a document begins with `text`: the chain rule, token by token."""
    truth, p = grammar.Truth(tokenizer), 1.0
    belief = truth.start()
    for token in sampling.encode(tokenizer, text)[1:]:
        p *= truth.probs(belief).get(token, 0.0)
        belief = truth.advance(belief, token)
    return p


def times_stated(documents: Iterable[str], facts: Iterable[grammar.Fact]) -> Counter:
    """How many of the documents answer each question of the facts: {question: times}, 0 for those that none does."""
    times = Counter({question: 0 for fact in facts for question in fact.prompts})
    lengths = sorted({len(question) for question in times}, reverse=True)
    for text in documents:
        question = next((text[:n] for n in lengths if text[:n] in times), None)
        if question:
            times[question] += 1
    return times


def first_sentence(text: str) -> str:
    """What stands before the first end of a sentence, without spaces around it."""
    return text[: min((at for at in map(text.find, ENDS) if at >= 0), default=len(text))].strip()


@torch.no_grad()
def answer(model, tokenizer, question: str, longest: int = 8) -> tuple[str, float]:
    """The likeliest answer, word for word (greedy), up to the end of its sentence, and its confidence: the product of
    its tokens' probabilities. longest: in tokens."""
    ids = sampling.encode(tokenizer, question)
    asked, confidence = len(ids), 1.0
    for _ in range(longest):
        probs = sampling.softmax(sampling.next_logits(model, ids))
        token = int(probs.argmax())
        if token == tokenizer.eos_token_id or tokenizer.decode([token]).strip() in ENDS:
            break
        confidence *= float(probs[token])
        ids.append(token)
    return tokenizer.decode(ids[asked:], skip_special_tokens=True).strip(), confidence


def is_right(said: str, fact: grammar.Fact) -> bool:
    """Whether an answer is the fact's; Chinese may put 的 after a colour."""
    return said.replace(" ", "").removesuffix("的") == fact.answer.replace(" ", "")


def ask(model, tokenizer, facts: Iterable[grammar.Fact]) -> list[Answer]:
    """The model's answers to every way of asking for every fact."""
    answers = []
    for fact in facts:
        for question in fact.prompts:
            said, confidence = answer(model, tokenizer, question)
            answers.append(Answer(fact, question, said, confidence, is_right(said, fact)))
    return answers


# ---- calibration ---------------------------------------------------------------------------------------------------


def _checked(confidence: Sequence[float], right: Sequence[bool]) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays; CourseError unless they are equally long, not empty, and the confidences lie in 0…1."""
    confidence, right = np.asarray(confidence, dtype=float), np.asarray(right, dtype=bool)
    if confidence.shape != right.shape or confidence.ndim != 1 or not confidence.size:
        raise CourseError(
            f"每个回答要有一个把握和一个对错：现在有 {confidence.size} 个把握，{right.size} 个对错。",
            f"Each answer needs a confidence and whether it is right; there are {confidence.size} and {right.size}.",
        )
    if not ((confidence >= 0) & (confidence <= 1)).all():  # also catches NaN
        raise CourseError(
            "把握要在 0 和 1 之间（90% 写成 0.9）。", "A confidence lies between 0 and 1 (write 90 % as 0.9)."
        )
    return confidence, right


def calibration(confidence: Sequence[float], right: Sequence[bool], bins: int = 10) -> list[Bin]:
    """The calibration curve: answers sorted into `bins` equally wide bins of confidence; empty bins are left out."""
    confidence, right = _checked(confidence, right)
    if not (bins >= 1 and bins % 1 == 0):
        raise CourseError(f"格数要是 1、2、3……现在是 {bins}。", f"bins must be a whole number from 1 up; it is {bins}.")
    edges = np.linspace(0, 1, int(bins) + 1)
    place = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, None)  # 0 belongs to the first bin
    found = []
    for i in np.unique(place):
        here = place == i
        n, hits = int(here.sum()), int(right[here].sum())
        mean = float(confidence[here].mean())
        found.append(Bin(float(edges[i]), float(edges[i + 1]), n, mean, hits / n, sampling.wilson(hits, n)))
    return found


def expected_calibration_error(bins: Iterable[Bin]) -> float:
    """The mean gap between confidence and accuracy, each bin counted by its answers (Naeini et al. 2015)."""
    bins = list(bins)
    return sum(b.n * abs(b.accuracy - b.confidence) for b in bins) / sum(b.n for b in bins)


# ---- silence -------------------------------------------------------------------------------------------------------


def abstention(confidence: Sequence[float], right: Sequence[bool]) -> list[tuple[float, float, float]]:
    """(threshold, coverage, error) for every threshold that changes anything, from the one that answers everything.

    A question is answered if its confidence is at least the threshold. coverage: the share answered; error: the share
    of wrong ones among those answered (the risk-coverage curve of El-Yaniv & Wiener 2010).
    """
    confidence, right = _checked(confidence, right)
    points = []
    for threshold in np.unique(confidence):
        answered = confidence >= threshold
        points.append((float(threshold), float(answered.mean()), float(1 - right[answered].mean())))
    return points


def _costs(wrong: float, silent: float) -> None:
    if not 0 <= silent < math.inf or not 0 < wrong < math.inf:
        raise CourseError(
            f"代价不能小于 0，答错的代价要大于 0：现在是 {wrong} 和 {silent}。",
            f"Costs cannot be below 0, and a wrong answer's must be above: they are {wrong} and {silent}.",
        )


def cost(
    confidence: Sequence[float], right: Sequence[bool], threshold: float, wrong: float = 1.0, silent: float = 0.0
) -> float:
    """Mean cost of a question: `wrong` for a wrong answer, `silent` for none (confidence below threshold), else 0."""
    confidence, right = _checked(confidence, right)
    _costs(wrong, silent)
    answered = confidence >= threshold
    return float((wrong * (answered & ~right) + silent * ~answered).mean())


def best_threshold(confidence: Sequence[float], right: Sequence[bool], wrong: float, silent: float) -> float:
    """The threshold of least cost on these answers, the lowest if several; above 1 if silence throughout is cheapest.

    It was chosen on these answers, so what it costs must be measured on others.
    """
    confidence, right = _checked(confidence, right)
    candidates = [0.0, *np.unique(confidence).tolist(), math.nextafter(1, 2)]
    return min(candidates, key=lambda threshold: cost(confidence, right, threshold, wrong, silent))


def calibrated_threshold(wrong: float, silent: float) -> float:
    """The best threshold where confidence equals accuracy: answering costs wrong · (1 - confidence), so it pays above
    1 - silent / wrong; 0 where silence costs as much as an error (Chow 1970)."""
    _costs(wrong, silent)
    return max(0.0, 1 - silent / wrong)


# ---- a second signal -----------------------------------------------------------------------------------------------


def agreement(answers: Sequence[str]) -> tuple[str, float]:
    """The commonest of several answers to one question and its share, 0…1; the earliest where several are level."""
    if not answers:
        raise CourseError("一个回答也没有。", "There are no answers.")
    said, times = Counter(answers).most_common(1)[0]
    return said, times / len(answers)


def ranking(score: Sequence[float], right: Sequence[bool]) -> float:
    """How often a right answer scores higher than a wrong one (a tie counts half): the area under the ROC curve.

    0.5 is chance, 1 a perfect order. CourseError where all are right or all wrong.
    """
    score, right = np.asarray(score, dtype=float), np.asarray(right, dtype=bool)
    good, bad = score[right][:, None], score[~right][None, :]
    if not good.size or not bad.size:
        raise CourseError("要有对的，也要有错的，才能比。", "There must be right and wrong answers to compare.")
    return float((good > bad).mean() + (good == bad).mean() / 2)


# ---- mixed languages -----------------------------------------------------------------------------------------------


def foreign_share(text: str, lang: str) -> float:
    """The share, 0…1, of Chinese characters among the letters of an English text (lang "en"), or of Latin letters among
    those of a Chinese one ("zh"). A name or formula counts too: it is a count of characters, not a judgement."""
    if lang not in ("zh", "en"):
        raise CourseError(f"语言要是 zh 或 en，不是 {lang}。", f"The language is zh or en, not {lang}.")
    han = sum("\u4e00" <= character <= "\u9fff" for character in text)
    latin = sum(character.isascii() and character.isalpha() for character in text)
    return (latin if lang == "zh" else han) / max(1, han + latin)


def is_mixed(text: str) -> bool:
    """Whether a text has both Chinese characters and Latin letters."""
    return 0 < foreign_share(text, "zh") < 1
