"""Arithmetic stories in Chinese and English: what the reasoning models learn from, and the exact truth about each.

A story starts from a number of things and changes it by 1 to 8 operations + − × ÷; every value on the way is a whole
number from 1 to 99. The generator's templates serve in the other direction too: `parse` reads a story back.
"""

import hashlib
import random
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from aigc_course.errors import CourseError

LANGS = ("zh", "en")
LONGEST = 8  # operations
KINDS = "+-×÷"
LARGEST = 99
STARTS = range(2, LARGEST + 1)  # the numbers that a story may start with
SMALL = 20  # half of the operands are no larger: people buy 5 more sooner than 93 more
TEST_SHARE = 16  # one story in this many is never trained on

DATA = tomllib.loads((files("aigc_course") / "data" / "stories.toml").read_text(encoding="utf-8"))
NAMES, CLAUSES, SHARES, QUESTIONS, LINKS = (
    {lang: DATA[lang][part].split() if part == "names" else DATA[lang][part] for lang in LANGS}
    for part in ("names", "clauses", "shares", "questions", "links")
)
THINGS = {
    lang: [(thing, measure) for measure, things in DATA[lang]["things"].items() for thing in things.split()]
    for lang in LANGS
}
PER_SENTENCE = 3


@dataclass(frozen=True)
class Story:
    """A story and its truth. ops: (operation, operand) in order, operations "+", "-", "×", "÷"."""

    lang: str
    text: str
    start: int
    ops: tuple[tuple[str, int], ...]

    @property
    def values(self) -> list[int]:
        """The number after each operation, the start first; the last is the answer."""
        values = [self.start]
        for op, n in self.ops:
            values.append(apply(op, values[-1], n))
        return values

    @property
    def answer(self) -> int:
        return self.values[-1]


def apply(op: str, value: int, n: int) -> int:
    """One operation on whole numbers; ÷ rounds down."""
    return {"+": value + n, "-": value - n, "×": value * n, "÷": value // n}[op]


def sample(
    rng: random.Random,
    operations: int | Sequence[int] = range(1, LONGEST + 1),
    lang: str | None = None,
    kinds: str = KINDS,
) -> Story:
    """A random story. operations: how many, or the numbers to choose from; lang: either if None; kinds: which ones."""
    lang = lang or rng.choice(LANGS)
    count = operations if isinstance(operations, int) else rng.choice(operations)
    value = start = rng.choice(STARTS)
    ops = []
    for _ in range(count):
        choices = operands(value, kinds)
        op = rng.choice(list(choices))
        n = rng.choice(choices[op][:SMALL] if rng.random() < 0.5 else choices[op])
        ops.append((op, n))
        value = apply(op, value, n)
    return Story(lang, tell(rng, lang, start, ops), start, tuple(ops))


@cache
def operands(value: int, kinds: str = KINDS) -> dict[str, Sequence[int]]:
    """The operations possible at `value` and their operands, so that the result is whole and from 1 to 99."""
    every = {
        "+": range(1, LARGEST - value + 1),
        "-": range(1, value),
        "×": range(2, min(9, LARGEST // value) + 1),
        "÷": [n for n in range(2, 10) if value % n == 0],
    }
    return {op: every[op] for op in kinds if every[op]}


@cache
def _moves(value: int) -> dict[tuple[str, int], float]:
    """(operation, operand) → the probability with which `sample` draws it at this value."""
    choices = operands(value)
    return {
        (op, n): ((n in every[:SMALL]) / len(every[:SMALL]) + 1 / len(every)) / 2 / len(choices)
        for op, every in choices.items()
        for n in every
    }


def best_guess(ops: Sequence[tuple[str, int]], starts: Iterable[int] = STARTS) -> int:
    """The likeliest answer of a story with these operations, for somebody who knows how `sample` draws stories, but of
    the number that this one starts with only that it is one of `starts` (at least one must allow all operations)."""
    chances = dict.fromkeys(starts, 1.0)
    for op, n in ops:
        after: Counter = Counter()
        for value, chance in chances.items():
            if p := _moves(value).get((op, n)):
                after[apply(op, value, n)] += chance * p
        chances = after
    return max(chances, key=chances.get)


def restarted(story: Story, start: int) -> Story | None:
    """The same story from another number, each other word as it was; None where an operation is not possible then."""
    value = start
    for op, n in story.ops:
        if n not in operands(value).get(op, ()):
            return None
        value = apply(op, value, n)
    return Story(story.lang, re.sub("[0-9]+", str(start), story.text, count=1), start, story.ops)


def tell(rng: random.Random, lang: str, start: int, ops: Sequence[tuple[str, int]]) -> str:
    """The words of a story, drawn from the templates."""
    name, other = rng.sample(NAMES[lang], 2)
    thing, measure = rng.choice(THINGS[lang])
    last = ops[-1][0]
    if share := last == "÷" and rng.random() < 0.5:
        *ops, (_, shared) = ops
        ending = rng.choice(SHARES[lang]).format(n=shared, m=measure)
    else:
        ending = rng.choice(QUESTIONS[lang][last]).format(a=name, m=measure)
    clauses = [rng.choice(CLAUSES[lang][op]).format(n=n, m=measure, b=other) for op, n in ops]
    if lang == "zh":
        clauses = [f"{name} 有 {start} {measure} {thing}", *clauses, ending]
        groups = [clauses[i : i + PER_SENTENCE] for i in range(0, len(clauses) - 1, PER_SENTENCE)]
        if (len(clauses) - 1) % PER_SENTENCE == 0:
            groups[-1] = [*groups[-1], clauses[-1]]
        sentences = ["，".join(group) for group in groups]
        linked = [sentences[0], *(rng.choice(LINKS["zh"]) + sentence for sentence in sentences[1:])]
        return "。".join(linked).replace(" ", "")
    if share:
        share_clause, _, ending = ending.partition(". ")
        clauses.append(share_clause)
    clauses = [f"{name} has {start} {thing}", *clauses]
    groups = [clauses[i : i + PER_SENTENCE] for i in range(0, len(clauses), PER_SENTENCE)]
    sentences = [_enumerate(group) for group in groups]
    linked = [sentences[0], *(f"{rng.choice(LINKS['en']).format(a=name)} {sentence}" for sentence in sentences[1:])]
    return ". ".join([*linked, ending])


def _enumerate(clauses: list[str]) -> str:
    *front, last = clauses
    comma = "," if front and ", " in front[-1] else ""
    return f"{', '.join(front)}{comma} and {last}" if front else last


# ---- what is asked and what is answered ----------------------------------------------------------------------------


def lines(start: int, ops: Sequence[tuple[str, int]], per_line: int = 1) -> list[str]:
    """The steps, `per_line` operations on each: 1 → 7+5=12, 12-3=9; 2 → 7+5-3=9; brackets where × or ÷ needs them."""
    out, value = [], start
    for at in range(0, len(ops), per_line):
        text, loose = str(value), False
        for op, n in ops[at : at + per_line]:
            if op in "×÷" and loose:
                text = f"({text})"
            text, loose, value = f"{text}{op}{n}", op in "+-", apply(op, value, n)
        out.append(f"{text}={value}")
    return out


def completion(story: Story, per_line: int = 1) -> str:
    """What a model is to write after the story: the thinking and the answer, the answer alone where per_line is 0."""
    return written(lines(story.start, story.ops, per_line), story.answer) if per_line else str(story.answer)


def written(steps: Sequence[str], answer: int) -> str:
    """Steps and answer in the models' format, the same in both languages."""
    return f"<think>{'，'.join(steps)}</think>{answer}"


def split_reply(text: str) -> tuple[str, int | None]:
    """(thinking, answer) of a written reply; the answer is None where no number stands after the thinking."""
    head, closed, tail = text.rpartition("</think>")
    if not closed and text.startswith("<think>"):
        return text.removeprefix("<think>"), None
    return head.removeprefix("<think>"), int(tail) if re.fullmatch("[0-9]{1,6}", tail) else None


def held_out(text: str) -> bool:
    """Whether this story is one of those kept for tests: decided by a hash of its text, so by nothing that it says."""
    return hashlib.blake2b(text.encode(), digest_size=2).digest()[0] % TEST_SHARE == 0


def draw(rng: random.Random, test: bool, **choice) -> Story:
    """A story for training, or for a test (`sample`'s choices)."""
    while held_out((story := sample(rng, **choice)).text) != test:
        pass
    return story


# ---- reading a story back ------------------------------------------------------------------------------------------


@cache
def _patterns(lang: str) -> tuple[re.Pattern, list[tuple[str, re.Pattern]], re.Pattern]:
    """(start, clauses with their operation, question) as patterns; operand groups take any number."""
    names = "|".join(NAMES[lang])
    measures = "|".join(sorted({m for _, m in THINGS["zh"]}))
    gap = "" if lang == "zh" else " "

    def pattern(template: str) -> str:
        text = template.replace(" ", "") if lang == "zh" else template.replace(".", "[.]").replace("?", "[?]")
        for slot, group in (("n", r"(\d+)"), ("b", f"(?:{names})"), ("a", f"(?:{names})"), ("m", f"(?:{measures})")):
            text = text.replace(f"{{{slot}}}", group)
        return text

    link = "|".join(pattern(each) for each in LINKS[lang])
    join = f"[，。](?:{link})?" if lang == "zh" else f"(?:,? and |, |\\. (?:{link}) )"
    things = "|".join(thing for thing, _ in THINGS[lang])
    start = f"(?:{names})有(\\d+)(?:{measures})(?:{things})" if lang == "zh" else f"(?:{names}) has (\\d+) (?:{things})"
    clauses = [(op, f"{join}{pattern(each)}") for op, group in CLAUSES[lang].items() for each in group]
    clauses += [("÷", f"{join}{pattern(each)}$") for each in SHARES[lang]]
    asks = "|".join(pattern(each) for group in QUESTIONS[lang].values() for each in group)
    question = f"{join if lang == 'zh' else f'[.]{gap}'}(?:{asks})$"
    longest_first = sorted(clauses, key=lambda each: -len(each[1]))
    return re.compile(start), [(op, re.compile(each)) for op, each in longest_first], re.compile(question)


def parse(text: str) -> Story | None:
    """The story that a text tells, read by the generator's own templates; None if it is no such story.

    Numbers may be of any size here: whether a model was made for them is for `outside` to say.
    """
    text = text.strip()
    for lang in LANGS:
        start, clauses, question = _patterns(lang)
        if not (begun := start.match(text)):
            continue
        at, ops = begun.end(), []
        while at < len(text) and not question.match(text, at):
            found = next(((op, m) for op, each in clauses if (m := each.match(text, at))), None)
            if found is None or int(found[1][1]) == 0:
                return None
            ops.append((found[0], int(found[1][1])))
            at = found[1].end()
        if ops:
            return Story(lang, text, int(begun[1]), tuple(ops))
    return None


def outside(text: str, longest: int = LONGEST, kinds: str = KINDS) -> CourseError | None:
    """Why a model was not made for this question, as one sentence in both languages; None if it was.

    longest, kinds: how many operations, and which, the stories had that it learned.
    """
    story = parse(text)
    if story is None:
        return CourseError(
            "这不是模型学过的那种应用题，答案不可信：请照例题的句式写。",
            "This is not the kind of story that the model learned, so do not trust its answer: "
            "word it like the examples.",
        )
    if len(story.ops) > longest:
        return CourseError(
            f"这道题有 {len(story.ops)} 步运算，模型只学过 1 到 {longest} 步，答案不可信。",
            f"This story has {len(story.ops)} operations and the model learned 1 to {longest}: "
            "do not trust its answer.",
        )
    if strange := "".join(kind for kind in KINDS if kind not in kinds and kind in dict(story.ops)):
        return CourseError(
            f"这道题要算 {' '.join(strange)}，模型只学过 {' '.join(kinds)}，答案不可信。",
            f"This story takes {' '.join(strange)} and the model learned only {' '.join(kinds)}: "
            "do not trust its answer.",
        )
    values = story.values
    whole = all(op != "÷" or value % n == 0 for value, (op, n) in zip(values[:-1], story.ops, strict=True))
    if not whole or not all(1 <= number <= LARGEST for number in (*values, *(n for _, n in story.ops))):
        return CourseError(
            f"这道题会用到 1 到 {LARGEST} 以外的数或除不尽，模型没学过，答案不可信。",
            f"This story leaves the whole numbers from 1 to {LARGEST} that the model learned: do not trust its answer.",
        )
    return None


def words(lang: str) -> list[str]:
    """Every word of the templates, for a tokenizer that keeps words whole."""
    templates = [
        *SHARES[lang],
        *LINKS[lang],
        *(c for group in CLAUSES[lang].values() for c in group),
        *(q for group in QUESTIONS[lang].values() for q in group),
        "有" if lang == "zh" else "has",
    ]
    found = {word for template in templates for word in re.sub(r"\{.\}|[，？。.,?]", " ", template).split()}
    return sorted(found | set(NAMES[lang]) | {word for pair in THINGS[lang] for word in pair if word})
