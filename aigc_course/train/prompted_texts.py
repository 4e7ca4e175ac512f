"""What `prompted` is shown: records drawn afresh, wishes, and prompts that tell a part of the wish.

Nothing can be learned by heart: what stands in a record is drawn anew each time. Where a part is missing the
wish is what it is all the same, so the model has to guess, as a large one has to guess what you had in mind.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import permutations, product
from typing import NamedTuple

from transformers import PreTrainedTokenizerFast

from aigc_course import prompting
from aigc_course.prompting import FIELDS, FORMATS, PARTS, PRICES, ROLES, SEPARATORS, WORDS, Record, Wish
from aigc_course.stories import LANGS, held_out
from aigc_course.train.bpe import train_tokenizer

CONTEXT = 512  # tokens
VOCABULARY = 1500
DEAREST = 99  # a price is one token: to copy longer values took this small model too many steps to learn
MANY = {1: 0.3, 2: 0.5, 3: 0.2}  # how many facts are wished for
PRESENT = 0.6  # how often role, task and format are said in training
EXAMPLES = {0: 0.4, 1: 0.45, 2: 0.15}
NOTED, POLITE = 0.3, 0.2  # how often a record has a note, a prompt a polite word


class Asked(NamedTuple):
    """One question of an exam: the prompt, what is wished for, about which record; parts: those that were said."""

    prompt: str
    wish: Wish
    record: Record
    parts: tuple[str, ...]
    examples: tuple[tuple[Record, str], ...]


# ---- drawing -------------------------------------------------------------------------------------------------------


def record(rng: random.Random, lang: str, test: bool = False) -> Record:
    """A stall of those kept for tests, or of the others; its facts in any order."""
    made = WORDS[lang]["made"]
    values = {field: rng.choice(made[field]) for field in FIELDS if field != "price"}
    values["price"] = str(rng.randint(1, DEAREST))
    if held_out("".join(values[field] for field in FIELDS)) != test:
        return record(rng, lang, test)
    note = rng.choice(made["thing"]) if rng.random() < NOTED and not test else ""
    return Record(lang, {field: values[field] for field in rng.sample(FIELDS, len(FIELDS))}, note)


def wish(rng: random.Random) -> Wish:
    [many] = rng.choices(list(MANY), MANY.values())
    return Wish(tuple(rng.sample(FIELDS, many)), *map(rng.choice, (ROLES, FORMATS, PRICES, SEPARATORS)))


def said(rng: random.Random, lang: str, part: str, wished: Wish, unseen: bool = False) -> str:
    """One way to say the role, the task or the format of a wish; unseen: in a wording that no training saw."""
    words = WORDS[lang]
    forms = words["format"][wished.format] if part == "format" else words[part]
    form = rng.choice(forms["unseen" if unseen else "seen"])
    if part == "task":
        names = [rng.choice(words["asked"][field]) for field in wished.fields]
        return form.format(f=joined(names, words["and"]))
    return form.format(r=rng.choice(words["called"][wished.role]))


def joined(names: Sequence[str], between: Sequence[str]) -> str:
    """a, b and c."""
    return names[0] if len(names) == 1 else between[0].join(names[:-1]) + between[1] + names[-1]


def asked(rng: random.Random, lang: str, parts: Sequence[str], wished: Wish | None = None) -> Asked:
    """A question of an exam: a new record, a wish, and a prompt that says these parts of it."""
    wished = wished or wish(rng)
    about = record(rng, lang, test=True)
    told = {part: said(rng, lang, part, wished, unseen=True) for part in parts if part != "example"}
    shown = [record(rng, lang, test=True)] * ("example" in parts)
    examples = tuple((one, prompting.answer(wished, one)) for one in shown)
    return Asked(prompting.prompt(about, **told, examples=examples), wished, about, tuple(parts), examples)


def practice(rng: random.Random, lang: str) -> list[tuple[str, bool]]:
    """A text for the first steps: all facts are wished for, by name, so that it soon learns to find them."""
    wished = wish(rng)._replace(fields=tuple(rng.sample(FIELDS, len(FIELDS))), format=rng.choice(("sentence", "json")))
    about = record(rng, lang)
    return [(prompting.prompt(about), False), (f"{prompting.answer(wished, about)}\n", True)]


def training(rng: random.Random, lang: str) -> list[tuple[str, bool]]:
    """One text for training, in pieces: (text, whether the model is to write it); a written piece ends with a newline,
    which is where the model is to stop."""
    wished, words = wish(rng), WORDS[lang]
    told = {part: said(rng, lang, part, wished) for part in ("role", "task", "format") if rng.random() < PRESENT}
    if rng.random() < POLITE:
        told["extra"] = rng.choice(words["polite"]["seen"])
    [many] = rng.choices(list(EXAMPLES), EXAMPLES.values())
    shown = [(one, prompting.answer(wished, one)) for one in (record(rng, lang) for _ in range(many))]
    about = record(rng, lang)
    text = prompting.prompt(about, **told, examples=shown)
    pieces = []
    for _, reply in shown:  # the examples' answers are learned from as well: they are prompts with fewer examples
        before, text = text.split(f"\n{words['answer']}{reply}\n", 1)
        pieces += [(f"{before}\n{words['answer']}", False), (f"{reply}\n", True)]
    return [*pieces, (text, False), (f"{prompting.answer(wished, about)}\n", True)]


def exam(seed: int, each: int) -> Iterator[Asked]:
    """For each of the 16 sets of parts, `each` questions in each language, in wordings that no training saw."""
    for lang, *there in product(LANGS, *[(False, True)] * len(PARTS)):
        parts = tuple(part for part, is_there in zip(PARTS, there, strict=True) if is_there)
        rng = random.Random(f"exam {seed} {lang} {parts}")
        for _ in range(each):
            yield asked(rng, lang, parts)


# ---- the best that anybody could do --------------------------------------------------------------------------------


@cache
def wishes() -> tuple[tuple[Wish, float], ...]:
    """Every wish and how likely it is."""
    tail = list(product(ROLES, FORMATS, PRICES, SEPARATORS))
    chosen = [(fields, MANY[many]) for many in MANY for fields in permutations(FIELDS, many)]
    count = {many: sum(len(fields) == many for fields, _ in chosen) for many in MANY}
    return tuple((Wish(f, *rest), share / count[len(f)] / len(tail)) for f, share in chosen for rest in tail)


def ceiling(question: Asked) -> float:
    """The chance of the best guess: that of somebody who understands all that the prompt says and knows how likely each
    wish is. What the prompt leaves open can only be guessed."""
    known, parts = question.wish, question.parts
    said = ("task", "role", "format", "", "")  # the part that says each item of a wish; nothing but an example says two
    told = tuple(item if part in parts else None for part, item in zip(said, known, strict=True))
    return _best(question.record.lang, told, known if "example" in parts else None)


@cache
def _best(lang: str, told: tuple, shown: Wish | None) -> float:
    """Of the wishes that have what was told (None: nothing) and answer an example as `shown` does, the share that
    wants the commonest answer. Which record it is does not matter: its facts all differ."""
    example, about = (record(random.Random(f"best {i}"), lang) for i in range(2))
    chances: defaultdict[str, float] = defaultdict(float)
    for one, chance in wishes():
        if all(said in (None, wanted) for said, wanted in zip(told, one, strict=True)) and (
            shown is None or prompting.answer(one, example) == prompting.answer(shown, example)
        ):
            chances[prompting.answer(one, about)] += chance
    return max(chances.values()) / sum(chances.values())


# ---- the tokenizer -------------------------------------------------------------------------------------------------


@cache
def build_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE that keeps English words, numbers and what stands in records whole, Chinese characters single."""
    rng = random.Random(0)
    texts = ["".join(piece for piece, _ in training(rng, LANGS[i % 2])) for i in range(8000)]
    signs = [r'": "', r'", "', r'\{"', r'"\}', ": ", "; ", " / ", r" \| ", ", ", r"\. ", r"\.00", "\n"]
    words = WORDS["zh"]
    kept = [word for group in ("asked", "called", "made") for names in words[group].values() for word in names]
    kept += [words["note"], words["record"], words["answer"], words["example"]]
    for lang in LANGS:  # a field with the sign behind it is one token: the value stands right behind it, here as there
        names = WORDS[lang]["fields"].values()
        before, _ = WORDS[lang]["clause"].split("{value}")
        kept += [f"{name}{sign}" for name in names for sign in (WORDS[lang]["colon"], '": "')]
        kept += [before.format(field=name) for name in names]
    kept += [opening for opening, _ in words["voice"].values()]
    whole = "|".join(sorted(kept, key=len, reverse=True))  # a second split would cut these again into characters
    split = rf"{whole}|{'|'.join(signs)}|[A-Za-z]+ (?=[A-Za-z])|[A-Za-z]+|[0-9]+|[\u4e00-\u9fff]|[^\w\s]| "
    return train_tokenizer(kept, split, texts, vocab_size=VOCABULARY, context=CONTEXT)
