"""A small bilingual probabilistic grammar whose true probabilities are known exactly.

The grammar is a probabilistic program in `data/grammar/zh.txt` and `en.txt` (their first lines explain the format):
choices with weights, sequences of words, and variables that are drawn from a table at their first mention and keep
their value to the end of the document. A document is a sentence of everyday life, a small fact or a little story.

The truth for a prefix is the forward algorithm of hidden Markov models over lazily expanded states (what is left to
say, what the variables hold): the states that can have produced the prefix, with their probabilities, give the next
word; inside a word that the tokenizer cuts into several tokens, the words that agree so far are summed.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from importlib.resources import files
from itertools import accumulate
from typing import NamedTuple

from aigc_course.errors import CourseError
from aigc_course.grammar_program import Choice, Program, Row, Seq, Slot, join, written
from aigc_course.i18n import LANGS

END = ""  # the "word" that ends a document; a tokenizer writes it as its eos token


class Fact(NamedTuple):
    """A row of a fact table. `frequency`: "often", "seldom" or "never" (stated in training). `prompts`: texts after
    which `answer` is the only right word; for a "never" fact the grammar cannot produce them."""

    lang: str
    relation: str
    subject: str
    answer: str
    frequency: str
    prompts: tuple[str, ...]


# ---- the grammar as an automaton -----------------------------------------------------------------------------------

Frame = tuple | None  # (Seq, position, Frame below): what is left to say
State = tuple[Frame, tuple[tuple[str, Row], ...], bool]  # left to say, rows held, nothing said yet


class Grammar:
    """The mixture of programs, as states and steps. `programs`: language → Program with a rule `doc`."""

    def __init__(self, programs: dict[str, Program]):
        self.programs = programs
        self.start = self.start_of([program.rules["doc"] for program in programs.values()])
        self.steps = lru_cache(maxsize=200_000)(lambda state: list(self._steps(state)))

    @staticmethod
    def start_of(choices: list[Choice]) -> State:
        """The state before the first word of a document made by one of `choices`, all equally likely."""
        return (Seq((Choice([(1.0, Seq((choice,))) for choice in choices]),)), 0, None), (), True

    def _steps(self, state: State, p: float = 1.0) -> Iterator[tuple[float, str, State]]:
        """All (probability, next word as written, state after it); the word END closes the document."""
        frame, held, first = state
        while frame is not None and frame[1] == len(frame[0].nodes):
            frame = frame[2]
        if frame is None:
            yield p, END, (None, (), False)
            return
        seq, position, below = frame
        node, rest = seq.nodes[position], (seq, position + 1, below)
        if isinstance(node, str):
            yield p, written(node, first), (rest, held, False)
        elif isinstance(node, Choice):
            total = node.total
            for weight, option in node.options:
                yield from self._steps(((option, 0, rest), held, first), p * weight / total)
        else:
            rows = dict(held)
            draws = [(1.0, rows[node.var])] if node.var in rows else node.draws(rows)
            total = sum(weight for weight, _ in draws)
            for weight, row in draws:
                now = held if node.var in rows else (*held, (node.var, row))
                yield from self._steps(((Seq(row.cells[node.column]), 0, rest), now, first), p * weight / total)

    def sample(self, rng: random.Random, lang: str | None = None) -> list[str]:
        """The words of one document."""
        words: list[str] = []
        held: dict[str, Row] = {}

        def say(node) -> None:
            if isinstance(node, str):
                words.append(node)
            elif isinstance(node, Seq):
                for part in node.nodes:
                    say(part)
            elif isinstance(node, Choice):
                say(_draw(node.options, rng))
            else:
                if node.var not in held:
                    held[node.var] = _draw(node.draws(held), rng)
                words.extend(held[node.var].cells[node.column])

        say(self.programs[lang or rng.choice(list(self.programs))].rules["doc"])
        return words

    def derivations(self) -> int:
        """The number of ways to make a document. A draw that excludes a row has one row fewer."""

        def ways(node, held: frozenset[str]) -> Counter:
            if isinstance(node, str):
                return Counter({held: 1})
            if isinstance(node, Slot):
                draws = 1 if node.var in held else len(node.rows) - (node.unlike in held)
                return Counter({held | {node.var}: draws})
            if isinstance(node, Choice):
                return sum((ways(option, held) for _, option in node.options), Counter())
            now = Counter({held: 1})
            for part in node.nodes:
                after: Counter = Counter()
                for before, number in now.items():
                    for then, factor in ways(part, before).items():
                        after[then] += number * factor
                now = after
            return now

        return sum(ways(self.start[0][0], frozenset()).values())


def _draw(options: list, rng: random.Random):
    return rng.choices([thing for _, thing in options], cum_weights=list(accumulate(w for w, _ in options)))[0]


@cache
def load() -> Grammar:
    """The course's grammar, both languages."""
    folder = files("aigc_course") / "data" / "grammar"
    return Grammar({lang: Program((folder / f"{lang}.txt").read_text("utf-8")) for lang in LANGS})


# ---- the truth -----------------------------------------------------------------------------------------------------


class Truth:
    """The exact next-token distribution under `grammar`, for a Hugging Face tokenizer with bos and eos tokens.

    A belief is a dict (state, token ids still owed by the word under way) → probability of the prefix and that pair.
    """

    def __init__(self, tokenizer, grammar: Grammar | None = None):
        self.grammar = grammar or load()
        self.bos, self.eos = tokenizer.bos_token_id, tokenizer.eos_token_id
        encode = cache(lambda word: tuple(tokenizer.encode(word, add_special_tokens=False)))
        self.ids = lambda word: (self.eos,) if word == END else encode(word)

    def start(self) -> dict:
        """The belief after bos."""
        return {(self.grammar.start, ()): 1.0}

    def _words(self, belief: dict) -> Iterator[tuple[float, tuple[int, ...], State]]:
        for (state, owed), p in belief.items():
            if owed:
                yield p, owed, state
            elif state[0] is not None:
                for q, word, after in self.grammar.steps(state):
                    yield p * q, self.ids(word), after

    def advance(self, belief: dict, token: int) -> dict:
        """The belief after one more token, scaled to sum to 1; empty if the grammar cannot produce it."""
        after: Counter = Counter()
        for p, ids, state in self._words(belief):
            if ids[0] == token:
                after[state, ids[1:]] += p
        total = sum(after.values())
        return {key: p / total for key, p in after.items()}

    def probs(self, belief: dict) -> dict[int, float]:
        """{token id: P(token | belief)}; sums to 1, or empty."""
        out: Counter = Counter()
        for p, ids, _ in self._words(belief):
            out[ids[0]] += p
        return dict(out)


_truth = lru_cache(maxsize=4)(Truth)


def next_token_probs(prefix_ids: Iterable[int], tokenizer) -> dict[int, float]:
    """Exact P(next token | prefix) of the grammar as {token id: probability}; `{}` if it cannot produce the prefix.

    prefix_ids: ids with bos in front, as `tokenizer.encode(text)` gives them.
    """
    truth = _truth(tokenizer)
    ids = list(map(int, prefix_ids))
    if ids[:1] != [truth.bos]:
        raise CourseError(
            "前缀要以 <s> 开头：请用 tokenizer.encode(文本) 得到它。",
            "A prefix begins with <s>: get it from tokenizer.encode(text).",
        )
    belief = truth.start()
    for token in ids[1:]:
        belief = truth.advance(belief, token)
    return truth.probs(belief)


# ---- what lessons, widgets and training ask for --------------------------------------------------------------------


def sample(rng: random.Random, lang: str | None = None) -> str:
    """One document, drawn with the grammar's probabilities. lang: "zh" or "en"; None draws the language too."""
    return join(load().sample(rng, lang))


def words(lang: str) -> list[str]:
    """The distinct words of one language, sorted."""
    return sorted(load().programs[lang].words)


def count() -> int:
    """The number of distinct documents. Each has one derivation (a test samples this), so derivations are counted."""
    return load().derivations()


def _after(text: str) -> dict[State, float]:
    """The states in which the grammar can be after saying exactly `text`, with the probability of getting there."""
    grammar, after = load(), Counter()
    waiting = {(0, grammar.start): 1.0}
    while waiting:
        reached: Counter = Counter()
        for (said, state), p in waiting.items():
            if said == len(text):
                after[state] += p
                continue
            for q, word, then in grammar.steps(state):
                if word and text.startswith(word, said):
                    reached[said + len(word), then] += p * q
        waiting = reached
    return dict(after)


def next_words(text: str) -> dict[str, float]:
    """Exact P(next word | text), words as written in the text (" park" with its space), END is ""."""
    out: Counter = Counter()
    after = _after(text)
    for state, p in after.items():
        for q, word, _ in load().steps(state):
            out[word] += p * q / sum(after.values())
    return dict(out)


def is_sentence(text: str) -> bool:
    """Whether the grammar can produce the whole `text` as one document."""
    return END in next_words(text)


def everyday(lang: str, at_least: float = 1e-3) -> list[str]:
    """Every beginning of a sentence of everyday life whose probability among such sentences is `at_least`."""
    grammar = load()
    found: list[str] = []
    waiting = {"": {grammar.start_of([grammar.programs[lang].rules["everyday"]]): 1.0}}
    while waiting:
        longer: dict[str, Counter] = {}
        for text, states in waiting.items():
            for state, p in states.items():
                for q, word, then in grammar.steps(state):
                    if word:
                        longer.setdefault(text + word, Counter())[then] += p * q
        waiting = {text: states for text, states in longer.items() if sum(states.values()) >= at_least}
        found += waiting
    return found


def examples(lang: str) -> list[str]:
    """Beginnings worth showing; the first is the lecture's sentence."""
    return list(load().programs[lang].examples)


def facts(lang: str) -> list[Fact]:
    """Every fact of the fact tables, with how often training states it and the texts that ask for it."""
    program, found = load().programs[lang], []
    for relation, prompts in program.prompts.items():
        for row in program.tables[relation]:

            def fill(prompt: list[str], row: Row = row) -> str:
                parts = (row.cells[w[1:] or "name"] if w[0] == "_" else (w,) for w in prompt)
                return join(word for part in parts for word in part)

            subject, answer, frequency = (" ".join(row.cells[c]) for c in ("name", "answer", "class"))
            found.append(Fact(lang, relation, subject, answer, frequency, tuple(map(fill, prompts))))
    return found
