"""The map of the course: what it promises is there, and a damaged map is one sentence."""

import pytest

from aigc_course import course
from aigc_course.book import build, lint
from aigc_course.errors import CourseError


def test_each_part_of_each_lesson_exists():
    assert [p for lesson in course.load().lessons for p in lint.sibling_problems(lesson)] == []


def test_what_is_committed_is_what_the_sources_give():
    assert build.check() == []


@pytest.mark.parametrize(("ask", "known"), [(course.lesson, "tokens"), (course.model, "lm")], ids=["lesson", "model"])
def test_an_unknown_name_gets_the_nearest_one(ask, known):
    with pytest.raises(CourseError, match=f"Did you mean “{known}”"):
        ask(known + "x")


@pytest.mark.parametrize("text", ["[[lesson", "[course]\n", '[[lesson]]\nslug = "x"\n', "\xff"])
def test_a_damaged_map_is_one_sentence(tmp_path, text):
    path = tmp_path / "course.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(CourseError, match=r"course\.toml"):
        course.read(path)
