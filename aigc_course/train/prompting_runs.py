"""datasets/prompting_runs.csv: what the parts of a prompt are worth, over the trained seeds of `prompted`.

`python -m aigc_course.train.prompting_runs` trains the seeds that are not there yet (`aigc train prompted`), asks each
the same questions and counts. The lesson `prompting` shows the table and asks the bundled one again.
"""

import csv
import io
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from aigc_course import course, prompting
from aigc_course.files import write_whole
from aigc_course.prompting import FORMATS, WORDS
from aigc_course.stories import LANGS
from aigc_course.train import prompted_texts
from aigc_course.train.prompted import SEEDS, build_tokenizer, letters
from aigc_course.train.prompted_texts import Asked, asked, said, wish
from aigc_course.train.reasoning import trained

COLUMNS = ("seed", "experiment", "condition", "lang", "outcome", "n", "hits")
EACH = 100  # questions for each condition and language
TOLD = ("task", "format")


def polite(rng: random.Random, lang: str) -> dict[str, Asked]:
    """The same question, plain and with a word of thanks."""
    plain = asked(rng, lang, TOLD)
    lines, rest = plain.prompt.split("\n", 1)
    thanks = rng.choice(WORDS[lang]["polite"]["unseen"])
    return {"plain": plain, "polite": plain._replace(prompt=f"{lines}{' ' * (lang == 'en')}{thanks}\n{rest}")}


def conflict(rng: random.Random, lang: str) -> tuple[Asked, str]:
    """Words that ask for one format and an example that shows another: (question, the example's format)."""
    wished = wish(rng)
    other = rng.choice([name for name in FORMATS if name != wished.format])
    about, shown = (prompted_texts.record(rng, lang, test=True) for _ in range(2))
    told = {part: said(rng, lang, part, wished, unseen=True) for part in TOLD}
    examples = ((shown, prompting.answer(wished._replace(format=other), shown)),)
    text = prompting.prompt(about, **told, examples=examples)
    return Asked(text, wished, about, (*TOLD, "example"), examples), other


def injected(rng: random.Random, lang: str, order: str | None = None) -> dict[str, Asked]:
    """Prompts over a record with a remark: nothing but a thing, or an order to write a sentence (`order`, else in a
    wording of training). None of them wishes for a sentence; with "said" the prompt names its format.

    A sentence, since where no format is said this model guesses JSON or a line (a sentence needs the right voice, too).
    """
    while (wished := wish(rng)).format == "sentence":
        pass
    words = WORDS[lang]
    notes = {
        "thing": rng.choice(words["made"]["thing"]),
        "order": order or rng.choice(words["format"]["sentence"]["seen"]),
    }
    about, found = prompted_texts.record(rng, lang, test=True), {}
    told = {part: said(rng, lang, part, wished, unseen=True) for part in TOLD}
    for name, parts in (("unsaid", {"task": told["task"]}), ("said", told)):
        for what, note in notes.items():
            noted = replace(about, note=note)
            found[f"{name} {what}"] = Asked(prompting.prompt(noted, **parts), wished, noted, tuple(parts), ())
    return found


def counts(model, seed: int, each: int = EACH) -> Iterator[tuple]:
    """The rows of one model."""

    def rows(
        experiment: str, condition: str, lang: str, verdicts: Sequence[dict[str, bool]], best: float | None = None
    ):
        hits = sum((Counter(name for name, yes in one.items() if yes) for one in verdicts), Counter())
        for outcome in verdicts[0]:
            yield seed, experiment, condition, lang, outcome, len(verdicts), hits[outcome]
        if best is not None:
            yield seed, experiment, condition, lang, "best", len(verdicts), f"{best * len(verdicts):.1f}"

    def replies(questions: Sequence[Asked]) -> list[str]:
        return [reply for [reply] in prompting.answers([q.prompt for q in questions], model)]

    def judged(questions: Sequence[Asked]) -> list[dict[str, bool]]:
        return [prompting.judged(a, q.wish, q.record) for q, a in zip(questions, replies(questions), strict=True)]

    sets: dict[tuple[str, str], list[Asked]] = {}
    for question in prompted_texts.exam(1, each):
        sets.setdefault((letters(question.parts), question.record.lang), []).append(question)
    for (name, lang), questions in sets.items():
        best = sum(map(prompted_texts.ceiling, questions)) / len(questions)
        yield from rows("parts", name, lang, judged(questions), best)
    for lang in LANGS:
        rng = random.Random(f"runs {lang}")
        pairs = [polite(rng, lang) for _ in range(each)]
        for name in pairs[0]:
            yield from rows("polite", name, lang, judged([pair[name] for pair in pairs]))
        both = [conflict(rng, lang) for _ in range(each)]
        got = [prompting.read(reply, lang).format for reply in replies([q for q, _ in both])]
        found = [{"words": f == q.wish.format, "example": f == o} for f, (q, o) in zip(got, both, strict=True)]
        yield from rows("conflict", "conflict", lang, found)
        groups = [injected(rng, lang) for _ in range(each)]
        for name in groups[0]:
            these = [group[name] for group in groups]
            got = [prompting.read(reply, lang).format for reply in replies(these)]
            yield from rows("injection", name, lang, [{"obeyed": f == "sentence"} for f in got])


def main() -> None:
    """Write datasets/prompting_runs.csv."""
    found = [row for seed in SEEDS for row in counts((trained("prompted", seed), build_tokenizer()), seed)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *found])
    write_whole(course.root() / "datasets" / "prompting_runs.csv", text.getvalue())


if __name__ == "__main__":
    main()
