"""Stories of the course's grammar in which somebody comes back: by name, or as 他, 她, he or she.

Places count the tokens of `lm`, to which every word of the grammar is one token, after the one that begins the text.
"""

import random
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_course import grammar
from aigc_course.errors import CourseError
from aigc_course.heads import filled
from aigc_course.i18n import LANGS

KINDS = ("name", "pronoun")


class Reference(NamedTuple):
    """text: a story. place: of the token that is asked for. earlier: the places before it of the names it may mean."""

    text: str
    place: int
    earlier: tuple[int, ...]


@cache
def people(lang: str) -> dict[str, frozenset[str]]:
    """The names of the grammar's persons, each with the pronouns that can stand for it, in capitals or not."""
    rows = [row.cells for row in grammar.load().programs[lang].tables["person"]]
    return {row["name"][0]: frozenset(words[0] for column, words in row.items() if column != "name") for row in rows}


def draw(kind: str, lang: str, count: int, seed: int) -> list[Reference]:
    """`count` stories, each with one place drawn among all where a known name returns (kind "name") or a pronoun
    stands for one of the people named before (kind "pronoun")."""
    if kind not in KINDS or lang not in LANGS or count < 1:
        raise CourseError(
            f"kind 要是 {'、'.join(KINDS)} 之一，lang 要是 zh 或 en，count 至少是 1；现在是 {kind}、{lang}、{count}。",
            f"kind must be one of {', '.join(KINDS)}, lang zh or en, count 1 or more; got {kind}, {lang}, {count}.",
        )
    rng, found = random.Random(f"references {kind} {lang} {seed}"), []
    while len(found) < count:
        words = grammar.load().sample(rng, lang)
        if places := [
            (place, earlier) for place in range(len(words)) if (earlier := _earlier(kind, lang, words, place))
        ]:
            place, earlier = rng.choice(places)
            found.append(Reference(grammar.join(words), 1 + place, tuple(1 + i for i in earlier)))
    return found


def _earlier(kind: str, lang: str, words: list[str], place: int) -> list[int]:
    """The places of the names before `place` that its word may mean; empty unless it is a name or a pronoun."""
    word, known = words[place], people(lang)
    if kind == "name":
        return [i for i in range(place) if words[i] == word] if word in known else []
    return [i for i in range(place) if word in known.get(words[i], ())]


def batch(references: Sequence[Reference], tokenizer) -> tuple[Tensor, Tensor, Tensor]:
    """(ids, real, places): ids and real (B, n), filled on the right, as `attention.forward` wants them; places (B,).

    Each story ends with the token that is asked for: nothing before depends on what follows.
    """
    ids, real = filled([tokenizer.encode(reference.text)[: reference.place + 1] for reference in references])
    return ids, real, torch.tensor([reference.place for reference in references])
