"""Numbers in prose that nothing computes, sets or claims are found, and no others."""

import nbformat
import pytest

from aigc_course import course
from aigc_course.book import numbers

LESSONS = [pytest.param(one, lang, id=f"{one.slug}-{lang}") for one in course.load().lessons for lang in ("zh", "en")]


@pytest.mark.parametrize(("lesson", "lang"), LESSONS)
def test_each_number_in_a_lessons_prose_is_shown_by_a_cell(lesson, lang):
    assert numbers.loose(nbformat.read(lesson.notebook(lang), 4)) == []


def notebook(prose: str, code: str = "", printed: str = ""):
    cell = nbformat.v4.new_code_cell(code)
    cell.outputs = [nbformat.v4.new_output("stream", text=printed)]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(prose, id="prose"), cell])


@pytest.mark.parametrize(
    ("prose", "loose"),
    [
        ("It has 4,096 tokens.", "4,096"),
        ("它有 4096 个词元。", "4096"),
        ("正确率是 87%。", "87"),
        ("It takes 0.37 s, and 12 steps.", "0.37"),
        ("用了 1.5 秒", "1.5"),
        ("In 1850 nobody knew", "1850"),
        ("Only 7 % are wrong.", "7"),
        ("快了 7 倍", "7"),
        ("It is 9 times as fast.", "9"),
    ],
)
def test_a_loose_number_is_found(prose, loose):
    [(cell, around)] = numbers.loose(notebook(prose, "x = 3", "4 of 5"))
    assert cell == "prose" and loose in around
    [said] = numbers.problems("one.ipynb", notebook(prose))
    assert "one.ipynb" in said and loose in said and "claim" in said


@pytest.mark.parametrize(
    ("code", "printed"), [("n = 4_096", ""), ("", "4096 tokens"), ("", "4,096"), ("x = 40.96", ""), ("x = 409600", "")]
)
def test_what_a_cell_sets_or_prints_is_not_loose(code, printed):
    assert numbers.loose(notebook("It has 4,096 tokens.", code, printed)) == []


@pytest.mark.parametrize(
    "prose",
    [
        "See section 14, 第 15 节, GPT-4, Qwen3-0.6B, R1-32 and `x = 77`; in 2025; $d = 64$; about 8 of them.",
        "## 99 balloons\n\n13. the thirteenth\n\n37+48=85, arXiv:2412.19437, [a link](https://example.org/4711)",
        "大约 45 分钟。About 45 minutes.",
    ],
)
def test_names_formulas_places_and_small_counts_are_no_figures(prose):
    assert numbers.loose(notebook(prose)) == []
