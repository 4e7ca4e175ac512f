"""The claim ledger: every row is whole, and a claim is shown with its source in the reader's language."""

import re

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from aigc_course import claims, course, glossary
from aigc_course.errors import CourseError
from aigc_course.i18n import set_lang

LEDGER = course.root() / "datasets" / "claims.csv"
GOOD = "a,句子,A sentence,A paper,2025-02-20,cited,tokens\n"


def write(tmp_path, rows: str, head: str = ",".join(claims.COLUMNS)):
    path = tmp_path / "claims.csv"
    path.write_text(f"{head}\n{rows}", encoding="utf-8")
    return path


def test_the_ledger_has_no_problems():
    assert claims.problems(LEDGER) == []
    wanted = {"tokens-words", "tokens-window-35", "tokens-window-4", "tokens-gpt-4o", "sampling-example"}
    assert wanted <= set(claims.load())


def test_the_ledger_s_words():
    rows = claims.load().values()
    texts = [(f"claims.csv, {row.id}", lang, getattr(row, lang)) for row in rows for lang in ("zh", "en")]
    assert glossary.problems(texts) == []
    for row in rows:
        assert re.search("[一-鿿]", row.zh) and not re.search(r"[一-鿿][,;:?!]", row.zh), row.id
        assert row.zh.endswith(("。", "？")) and row.en.endswith((".", "?")), row.id


def test_each_claim_that_a_lesson_shows_is_its_own():
    shown = {
        (lesson.slug, id)
        for lesson in course.load().lessons
        if lesson.source.exists()
        for id in re.findall(r'\bclaim\("([^"]+)"\)', lesson.source.read_text(encoding="utf-8"))
    }
    unknown = [id for _, id in shown if id not in claims.load()]
    assert not unknown
    assert shown, "no lesson shows a claim: the pattern above misses them"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (GOOD + GOOD, "stands twice"),
        (GOOD.replace("句子", " "), "zh is empty"),
        (GOOD.replace("A paper", ""), "source is empty"),
        (GOOD.replace("cited", "true"), "status “true”"),
        (GOOD.replace("2025-02-20", "20.2.2025"), "date “20.2.2025”"),
        (GOOD.replace("2025-02-20", "2025-02-30"), "date “2025-02-30”"),
        (GOOD.replace("2025-02-20", "20250220"), "date “20250220”"),
        (GOOD.replace("tokens", "tokenz"), "no lesson “tokenz”"),
    ],
)
def test_a_faulty_row_is_named(tmp_path, row, said):
    (problem,) = claims.problems(write(tmp_path, row))
    assert said in problem and "claims.csv: claim a" in problem


@pytest.mark.parametrize("date", ["2025", "2025-02", "2025-02-20"])
def test_good_rows(tmp_path, date):
    assert claims.problems(write(tmp_path, GOOD.replace("2025-02-20", date))) == []


def test_a_file_that_is_no_ledger(tmp_path):
    with pytest.raises(CourseError, match=r"row 1 does not have the columns id,zh"):
        claims.read(write(tmp_path, GOOD, head="id,zh"))
    with pytest.raises(CourseError, match="row 2 does not have the columns"):
        claims.read(write(tmp_path, GOOD.replace("句子", "句,子")))


@pytest.mark.parametrize(
    ("lang", "words"),
    [("zh", ["GPT-4o 是 128000", "已更正", "来源："]), ("en", ["GPT-4o has 128,000", "corrected", "Source:"])],
)
def test_a_claim_is_shown_with_source_date_and_status(lang, words):
    set_lang(lang)
    InteractiveShell.instance()
    try:
        with capture_output() as captured:
            claims.claim("tokens-gpt-4o")
    finally:
        InteractiveShell.clear_instance()
    (output,) = captured.outputs
    for text in (output.data["text/plain"], output.data["text/html"]):
        assert all(word in text for word in [*words, "2025-02-20"])


def test_unknown_claim():
    with pytest.raises(CourseError, match="no claim “x”"):
        claims.claim("x")
