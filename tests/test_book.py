"""The builder: editions, stamps, labs, and each way in which a source or a built file can be wrong."""

import ast
import base64
import io
import re
from pathlib import Path

import nbformat
import pytest
from matplotlib.figure import Figure
from PIL import Image

from aigc_course import course, glossary
from aigc_course.book import build, editions, lint, run, source
from aigc_course.book.run import read_built
from aigc_course.errors import CourseError

LESSON = """---
jupytext: {formats: md:myst, text_representation: {extension: .md, format_name: myst}}
kernelspec: {display_name: Python 3, language: python, name: python3}
---

+++ {"tags": ["zh"], "name": "title"}

# 一课

+++ {"tags": ["en"], "name": "title"}

# A lesson

```{code-cell} ipython3
:tags: [parameters]
lang = "zh"
tier = "cpu"
```

```{code-cell} ipython3
:name: hello
from aigc_course.i18n import set_lang, t
set_lang(lang)
print(t("你好", "hello"), tier)
```
"""
LAB = """---
kernelspec: {display_name: Python 3, language: python, name: python3}
---

+++ {"tags": ["zh"], "name": "title"}

# 练习

+++ {"tags": ["en"], "name": "title"}

# Exercises

```{code-cell} ipython3
:check: one.q1
:points: 2
def double(x):
    ### BEGIN SOLUTION
    secret = 2
    return secret * x
    ### END SOLUTION
```

+++ {"tags": ["zh"], "name": "q2", "manual": "one.q2", "points": 3}

为什么？

### BEGIN SOLUTION
因为秘密。
### END SOLUTION

+++ {"tags": ["en"], "name": "q2", "manual": "one.q2", "points": 3}

Why?

### BEGIN SOLUTION
Because secret.
### END SOLUTION
"""
MAP = """[course]
title_zh = "课"
title_en = "Course"
[models]
[[lesson]]
slug = "one"
title_zh = "一"
title_en = "One"
minutes = 5
models = []
parts = []
slide_part = 1
"""


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """A course of one lesson in a scratch folder: a function that writes its source and its map."""
    glossary.load()  # the real one, read before the root moves
    (tmp_path / "notebooks" / "src").mkdir(parents=True)
    (tmp_path / "labs" / "src").mkdir(parents=True)
    monkeypatch.setattr(course, "root", lambda: tmp_path)

    def write(lesson: str = LESSON, lab: str | None = None, course_map: str = MAP) -> Path:
        if lab is not None:
            course_map = course_map.replace("parts = []", 'parts = ["lab"]')
            (tmp_path / "labs" / "src" / "one.md").write_text(lab, encoding="utf-8")
        (tmp_path / "course.toml").write_text(course_map, encoding="utf-8")
        (tmp_path / "notebooks" / "src" / "one.md").write_text(lesson, encoding="utf-8")
        loaded = course.read(tmp_path / "course.toml")
        monkeypatch.setattr(course, "load", lambda: loaded)
        return tmp_path

    return write


def stamped(scratch, lesson: str = LESSON, lab: str | None = None) -> Path:
    root = scratch(lesson, lab)
    build.accept(["one"])
    return root


def texts(notebook) -> str:
    return "\n".join(cell.source for cell in notebook.cells)


def test_build_makes_two_editions_and_a_second_build_changes_nothing(scratch):
    root = stamped(scratch)
    assert len(build.build()) == 2
    zh = nbformat.read(root / "notebooks/zh/01_one.ipynb", as_version=4)
    en = nbformat.read(root / "notebooks/en/01_one.ipynb", as_version=4)
    nbformat.validate(zh)
    assert "# 一课" in texts(zh) and "A lesson" not in texts(zh) and 'lang = "zh"' in texts(zh)
    assert "# A lesson" in texts(en) and "一课" not in texts(en) and 'lang = "en"' in texts(en)
    assert zh.cells[-1].outputs[0].text == "你好 cpu\n" and en.cells[-1].outputs[0].text == "hello cpu\n"
    assert [cell.id for cell in zh.cells] == ["one-title", "one-code-1", "one-hello"] == [cell.id for cell in en.cells]
    assert "widgets" not in zh.metadata and all(set(cell.metadata) <= {"tags"} for cell in zh.cells)
    bytes_before = (root / "notebooks/zh/01_one.ipynb").read_bytes()
    assert build.build() == []
    assert build.build(force=True) == []
    assert (root / "notebooks/zh/01_one.ipynb").read_bytes() == bytes_before
    assert build.check() == []


def pngs(notebook) -> list[bytes]:
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    return [base64.b64decode(o.data["image/png"]) for o in outputs if "image/png" in o.get("data", {})]


def test_figures_are_built_with_few_colours():
    figure, drawn = Figure(), io.BytesIO()
    figure.subplots().plot([1, 3, 2], color="#0072B2")
    figure.savefig(drawn, format="png")
    output = nbformat.v4.new_output("display_data", {"image/png": base64.b64encode(drawn.getvalue()).decode()})
    fresh, done = (nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("plot()")]) for _ in range(2))
    done.cells[0].outputs = [output]
    [png] = pngs(build.tidy(done, fresh))
    picture = Image.open(io.BytesIO(png))
    assert picture.mode == "P" and len(png) < len(drawn.getvalue())
    assert any(abs(r) + abs(g - 0x72) + abs(b - 0xB2) < 9 for _, (r, g, b) in picture.convert("RGB").getcolors(256))


def test_the_figures_of_the_lessons_are_so():
    found = [png for path in sorted(course.root().glob("notebooks/*/*.ipynb")) for png in pngs(read_built(path))]
    assert len(found) > 50 and all(Image.open(io.BytesIO(png)).mode == "P" for png in found)


def test_a_changed_source_is_built_again_and_check_says_so(scratch):
    root = stamped(scratch)
    build.build()
    path = root / "notebooks/src/one.md"
    path.write_text(path.read_text(encoding="utf-8").replace('"hello"', '"good day"'), encoding="utf-8")
    assert [p for p in build.check() if "notebooks/en/01_one.ipynb" in p and "aigc build one" in p]
    build.build()
    assert build.check() == []
    assert "good day" in (root / "notebooks/en/01_one.ipynb").read_text(encoding="utf-8")


def test_a_failing_cell_stops_the_build_and_leaves_the_old_notebook(scratch):
    root = stamped(scratch)
    build.build()
    path = root / "notebooks/src/one.md"
    old = (root / "notebooks/zh/01_one.ipynb").read_bytes()
    path.write_text(path.read_text(encoding="utf-8").replace("print(", "1 / 0; print("), encoding="utf-8")
    with pytest.raises(CourseError, match=r"01_one.ipynb, cell 3 failed: ZeroDivisionError"):
        build.build()
    assert (root / "notebooks/zh/01_one.ipynb").read_bytes() == old
    assert not list(root.rglob("*.part"))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("# 一课", "# 另一课", "cell title: the en half was written against an older twin"),
        ("# A lesson", "# Another", "cell title: the zh half was written against an older twin"),
        (
            '{"tags": ["en"], "name": "title"',
            '{"tags": [], "name": "title"',
            "cell title: this prose is tagged neither",
        ),
        ('{"tags": ["en"], "name": "title"', '{"tags": ["en"], "name": "other"', "its English half does not follow"),
        (":name: hello", ":name: Hello", "lower-case letters"),
        (":name: hello", ":name: title", "cell title: the name is used twice"),
    ],
)
def test_structure(scratch, old, new, complaint):
    root = stamped(scratch)
    path = root / "notebooks/src/one.md"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    assert any("notebooks/src/one.md" in p and complaint in p for p in build.check())
    with pytest.raises(CourseError, match=re.escape(complaint)):
        build.build()


def test_accept_touches_only_the_stamps(scratch):
    root = scratch()
    path = root / "notebooks/src/one.md"
    before = path.read_text(encoding="utf-8")
    assert build.accept(["one"]) == 2
    after = path.read_text(encoding="utf-8")
    assert re.sub(r', "twin": "[0-9a-f]{8}"', "", after) == before
    assert build.accept(["one"]) == 0


@pytest.mark.parametrize(
    "damage",
    [
        '+++ {"tags": ["zh"\n\nx\n',
        "```{code-cell} ipython3\nx = 1\n",
        "```{code-cell} ipython3\n:tags: [a\nx\n```\n",
        '+++ {"tags": 3}\n\nx\n',
    ],
)
def test_a_damaged_source_is_one_sentence_that_names_the_file(scratch, damage):
    scratch(LESSON + "\n" + damage)
    with pytest.raises(CourseError, match=r"notebooks/src/one\.md") as caught:
        build.build()
    assert "\n" not in str(caught.value)
    assert any("notebooks/src/one.md" in p for p in build.check())


def test_bytes_that_are_no_text_are_named_too(scratch):
    (scratch() / "notebooks/src/one.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CourseError, match=r"Cannot read notebooks/src/one\.md"):
        build.build()


def test_lab_hides_the_solution_and_carries_nbgrader_metadata(scratch):
    root = stamped(scratch, lab=LAB)
    build.build()
    from nbgrader.nbgraderformat.v3 import MetadataValidatorV3

    for lang, stub in (("zh", "# 在这里写你的代码"), ("en", "# YOUR CODE HERE")):
        path = root / f"labs/{lang}/one.ipynb"
        lab = nbformat.read(path, as_version=4)
        MetadataValidatorV3().validate_nb(lab)
        assert "secret" not in path.read_text(encoding="utf-8") and "秘密" not in texts(lab)
        code = next(cell for cell in lab.cells if cell.metadata.nbgrader.grade_id == "one-q1")
        assert code.source == f"def double(x):\n    {stub}\n    raise NotImplementedError()"
        ast.parse(code.source)
        test = next(cell for cell in lab.cells if cell.metadata.nbgrader.grade_id == "one-q1-check")
        assert test.source == 'check("one.q1")'
        assert (test.metadata.nbgrader.grade, test.metadata.nbgrader.locked, test.metadata.nbgrader.points) == (
            True,
            True,
            2,
        )
        manual = lab.cells[-1]
        assert (
            manual.cell_type == "markdown"
            and manual.metadata.nbgrader.points == 3
            and manual.metadata.nbgrader.solution
        )
    solved = editions.lab_edition(source.read("one", root / "labs/src/one.md"), "en", solved=True)
    assert (
        "return secret * x" in texts(solved) and "SOLUTION" not in texts(solved) and "Because secret." in texts(solved)
    )


def test_a_graded_cell_without_a_solution_is_refused(scratch):
    stamped(scratch, lab=LAB.replace("    ### BEGIN SOLUTION\n    secret", "    secret"))
    with pytest.raises(CourseError, match="is graded but has no ### BEGIN SOLUTION"):
        build.build()


def test_missing_sibling_and_unknown_part_are_named(scratch):
    scratch(course_map=MAP.replace("parts = []", 'parts = ["module", "poem"]'))
    problems = build.check()
    assert any("course.toml, cell one" in p and "one.py is missing" in p for p in problems)
    assert any("no such part as “poem”" in p for p in problems)


def test_strays_are_named_and_removed(scratch):
    root = stamped(scratch)
    build.build()
    stray = root / "notebooks/zh/07_gone.ipynb"
    stray.write_text("{}", encoding="utf-8")
    assert any("07_gone.ipynb belongs to no lesson" in p for p in build.check())
    assert build.build() == [stray] and not stray.exists()


def test_terms_that_break_the_glossary_are_found_in_prose_and_labels(scratch):
    root = stamped(scratch, LESSON.replace("# 一课", "# 变压器的一课").replace('t("你好"', 't("变压器"'))
    problems = lint.source_problems(source.read("one", root / "notebooks/src/one.md"))
    assert any("cell title" in p for p in problems) and any("cell hello" in p for p in problems)


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        "<link rel=stylesheet href='//fonts.example.org/css'>",
        '@import url("https://fonts.example.org/css");',
        "background: url(https://example.org/a.png)",
        'import d3 from "https://esm.example.org/d3";',
        'const m = await import("https://esm.example.org/d3")',
        'fetch("https://example.org/data.json")',
        '<img src="http://example.org/a.png">',
    ],
)
def test_remote_loads_are_found(text):
    assert lint.remote_url(text)


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://example.org">source</a>',
        '<svg xmlns="http://www.w3.org/2000/svg"><use href="#a"/></svg>',
        'import {t} from "./common.js"',
        "see https://example.org/paper",
    ],
)
def test_links_to_read_are_no_remote_loads(text):
    assert lint.remote_url(text) is None


def test_a_table_that_is_not_shown_is_found(scratch):
    root = stamped(
        scratch,
        LESSON.replace(
            "```{code-cell} ipython3\n:name: hello\n", "```{code-cell} ipython3\n:name: hello\npd.DataFrame([1])\n"
        ),
    )
    (problem,) = lint.source_problems(source.read("one", root / "notebooks/src/one.md"))
    assert "cell hello" in problem and "line 1 " in problem
    shown = "x = pd.DataFrame([1])\ndisplay(pd.DataFrame([2]))\nprint(3)\npd.DataFrame([4]).set_index(0)"
    assert lint.unseen_tables(shown) == [] and lint.unseen_tables(shown + "\nassert x") == [4]


def test_stars_that_markdown_leaves_as_they_are_are_found():
    assert lint.bare_stars("**忙不忙要紧。**所以要算。")
    assert not lint.bare_stars("**忙不忙要紧**。所以要算。**再算。** 行 `a**b` 里的不算。")


def test_notebook_problems(tmp_path):
    cell = nbformat.v4.new_code_cell("x", id="one-x")
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stderr", text="FutureWarning: old\n"),
        nbformat.v4.new_output("error", ename="E", evalue="boom", traceback=[]),
        nbformat.v4.new_output("display_data", {"text/html": "<script src=https://a.org/b.js></script>"}),
        nbformat.v4.new_output("stream", name="stdout", text="half a character \ufffd" + "x" * lint.MAX_BYTES),
    ]
    notebook = nbformat.v4.new_notebook(cells=[cell])
    path = tmp_path / "n.ipynb"
    nbformat.write(notebook, path)
    problems = lint.notebook_problems(path, notebook)
    for complaint in ("FutureWarning: old", "boom", "another machine", "U+FFFD", "the limit is 400 KB"):
        assert sum(complaint in p for p in problems) == 1, complaint
    assert all("n.ipynb" in p for p in problems)


def test_run_passes_the_parameters_and_reports_a_failure(scratch, capsys):
    root = stamped(
        scratch,
        LESSON.replace('print(t("你好", "hello"), tier)', 'print(t("你好", "hello"), tier)\nassert lang == "zh"'),
    )
    source_text = root / "notebooks/src/one.md"
    assert source_text.exists()
    for lang in ("zh", "en"):
        edition = editions.lesson_edition(source.read("one", source_text), lang)
        path = root / f"notebooks/{lang}/01_one.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(edition, path)
    results = run.run(["one"], ["zh", "en"], "gpu", out=root / "out")
    assert [r.error == "" for r in results] == [True, False]
    assert "AssertionError" in results[1].error
    assert "你好 gpu" in (root / "out" / "01_one_zh.ipynb").read_text(encoding="utf-8")
    assert "AssertionError" in capsys.readouterr().out


def test_run_wants_a_built_lesson(scratch):
    scratch()
    with pytest.raises(CourseError, match="aigc build one"):
        run.run(["one"], ["zh"])
