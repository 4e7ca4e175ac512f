"""The grammar's exact truth, against brute force and against counting."""

import math
import random
from collections import Counter

import pytest

from aigc_course import grammar
from aigc_course.errors import CourseError
from aigc_course.grammar_program import Program

SMALL = """
= doc
 3 <walk>
 1 <look>
 2 <sums>
= walk
 2 {h:who.name} sees {f:who.name!h} . [ 3: {h.name} waves | {f.name} waves | ] .
 1 {h:who.name@rare} sleeps .
= look
 1 {h:who.name} sees a [ 2: red | blue ] [ ball | kite ] .
= sums
 1 I have {s:sum.a} and {s.b} , so {s.c} .
@ who name rare
 Ann 5
 Bob 0
 Old_Bob 1
@ sum a b c
 one one two
 one two three
 two one three
"""


class Letters:
    """A tokenizer whose tokens are characters: every word is cut into several tokens and many share their first."""

    bos_token_id, eos_token_id = 0, 1

    def encode(self, text, add_special_tokens=True):
        return [0] * add_special_tokens + [ord(c) for c in text]


def small() -> grammar.Grammar:
    return grammar.Grammar({"en": Program(SMALL)})


def documents(program: grammar.Grammar) -> Counter:
    """Every document of a grammar with its probability, by following every step."""
    found: Counter = Counter()
    waiting = [("", 1.0, program.start)]
    while waiting:
        text, p, state = waiting.pop()
        for q, word, after in program.steps(state):
            if word == grammar.END:
                found[text] += p * q
            else:
                waiting.append((text + word, p * q, after))
    return found


def test_small_grammar_by_hand():
    found = documents(small())
    assert math.isclose(sum(found.values()), 1)
    assert math.isclose(found["Ann sees Bob. Ann waves."], 3 / 6 * 2 / 3 * 1 / 3 * 1 / 2 * 3 / 5)
    assert math.isclose(found["Old Bob sleeps."], 3 / 6 * 1 / 3 * 1 / 6)
    assert math.isclose(found["Bob sees a red kite."], 1 / 6 * 1 / 3 * 2 / 3 * 1 / 2)
    assert math.isclose(found["I have one and two, so three."], 2 / 6 * 1 / 3)
    assert not any(text.startswith(("Bob sleeps", "Ann sees Ann")) for text in found)
    assert len(found) == small().derivations()


def test_truth_equals_brute_force():
    """At every prefix of every document, token by token, with words cut into many tokens."""
    found, truth = documents(small()), grammar.Truth(Letters(), small())
    for text in found:
        belief = truth.start()
        for at in range(len(text) + 1):
            follow: Counter = Counter()
            for other, p in found.items():
                if other.startswith(text[:at]):
                    follow[ord(other[at]) if at < len(other) else 1] += p
            probs = truth.probs(belief)
            assert probs.keys() == follow.keys()
            assert all(math.isclose(probs[k], follow[k] / sum(follow.values())) for k in probs)
            if at < len(text):
                belief = truth.advance(belief, ord(text[at]))
    assert truth.probs(truth.advance(truth.start(), ord("Z"))) == {}


def test_sample_agrees_with_brute_force():
    program, rng, drawn = small(), random.Random(3), 20_000
    found = documents(program)
    counted = Counter(grammar.join(program.sample(rng)) for _ in range(drawn))
    assert counted.keys() == found.keys()
    chi2 = sum((counted[text] - drawn * p) ** 2 / (drawn * p) for text, p in found.items())
    assert chi2 < len(found) + 5 * math.sqrt(2 * len(found))


def test_lecture_sentence_is_exact():
    zh = grammar.next_words("今天天气不错，我决定")
    assert zh["去"] == pytest.approx(0.7, abs=1e-12)
    assert grammar.next_words("今天天气不错，我决定去") == {"公园": 1.0}
    en = grammar.next_words("The weather is nice today, so I decided to")
    assert en[" go"] == pytest.approx(0.7, abs=1e-12)
    assert grammar.next_words("The weather is nice today, so I decided to go to the") == {" park": 1.0}
    assert grammar.is_sentence("今天天气不错，我决定去公园。")
    assert grammar.is_sentence("The weather is nice today, so I decided to go to the park.")
    assert not grammar.is_sentence("今天天气不错，我决定")
    assert not grammar.is_sentence("今天天气不错，我决定去公园。 ")
    assert not grammar.is_sentence("")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_sample_agrees_with_the_truth(lang):
    """Monte Carlo on the real grammar: the frequencies after common beginnings lie within five standard errors."""
    rng, drawn = random.Random(11), 10_000
    docs = [grammar.load().sample(rng, lang) for _ in range(drawn)]
    follow: dict[tuple, Counter] = {}
    for words in docs:
        for at in range(len(words)):
            follow.setdefault(tuple(words[:at]), Counter())[words[at]] += 1
    tested = 0
    for prefix, counted in follow.items():
        total = counted.total()
        if not prefix or total < 300:
            continue
        truth = grammar.next_words(grammar.join(prefix))
        for word, p in truth.items():
            error = math.sqrt(total * p * (1 - p))
            assert abs(counted[word.strip()] - total * p) <= 5 * error + 1e-9, (prefix, word)
        tested += 1
    assert tested >= 20


def test_every_prefix_sums_to_one_and_documents_have_one_derivation():
    rng, program = random.Random(5), grammar.load()
    for _ in range(400):
        words = program.sample(rng)
        text = grammar.join(words)
        assert grammar.is_sentence(text)
        reached = grammar._after(text)
        assert sum(len([1 for _, word, _ in program.steps(s) if word == grammar.END]) for s in reached) == 1, text
        cut = rng.randrange(len(words))
        assert sum(grammar.next_words(grammar.join(words[:cut])).values()) == pytest.approx(1, abs=1e-9)


def test_size():
    assert grammar.count() >= 20_000
    rng = random.Random(2)
    assert len({grammar.sample(rng) for _ in range(45_000)}) >= 20_000
    for lang in ("zh", "en"):
        assert 300 <= len(grammar.words(lang)) <= 900


def test_languages_do_not_mix():
    rng = random.Random(4)
    for _ in range(300):
        assert grammar.sample(rng, "en").isascii()
        assert not any(c.isascii() for c in grammar.sample(rng, "zh"))


def test_stories_keep_their_characters():
    """Three to six sentences, at most two people in a story, and the first named comes back."""
    rng = random.Random(8)
    names = {row.cells["name"][0] for lang in ("zh", "en") for row in grammar.load().programs[lang].tables["person"]}
    stories = 0
    for _ in range(600):
        words = grammar.load().sample(rng)
        people = [word for word in words if word in names]
        sentences = sum(words.count(stop) for stop in "。.！!？?")
        if len(words) > 30 and people:
            stories += 1
            assert 3 <= sentences <= 6
            assert len(set(people)) == 2
            assert people.count(people[0]) >= 2
    assert stories > 150


def test_facts_table():
    for lang in ("zh", "en"):
        facts = grammar.facts(lang)
        assert Counter(f.frequency for f in facts) == {"often": 24, "seldom": 18, "never": 18}
        assert {f.relation for f in facts} == {"capital", "colour", "food"}
        for fact in facts:
            for prompt in fact.prompts:
                truth = {word.strip(): p for word, p in grammar.next_words(prompt).items()}
                assert truth == ({} if fact.frequency == "never" else {fact.answer: 1.0}), prompt


def test_subjects_of_never_facts_occur_elsewhere():
    rng, seen = random.Random(1), Counter()
    for _ in range(30_000):
        seen.update(set(grammar.load().sample(rng)))
    for lang in ("zh", "en"):
        for fact in grammar.facts(lang):
            if fact.frequency == "never" and fact.relation != "colour":
                subject = fact.subject if lang == "zh" or fact.relation == "capital" else fact.subject.lower()
                assert seen[subject] >= 3, fact


def test_examples_and_everyday_contexts():
    for lang in ("zh", "en"):
        examples = grammar.examples(lang)
        assert len(examples) >= 8
        entropies = [-sum(p * math.log(p) for p in grammar.next_words(text).values()) for text in examples]
        assert min(entropies) < 0.01 and max(entropies) > 2
        everyday = grammar.everyday(lang)
        assert examples[0] in everyday and len(everyday) == len(set(everyday)) > 500


def test_prefix_without_bos_is_refused():
    with pytest.raises(CourseError, match="<s>"):
        grammar.next_token_probs([5, 6], Letters())
