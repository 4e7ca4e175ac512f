"""Tools and calls: what is asked for is checked and run, and whatever goes wrong is a result that says so."""

import json
import random
import time
from datetime import date, timedelta
from fractions import Fraction

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_course import course, tables, tool_use, tools
from aigc_course.errors import CourseError
from aigc_course.tool_use import Call, parse, run
from aigc_course.tools import CALCULATOR, CALENDAR, LOOK_UP, TOOLS, Tool, ToolError, broken, calculate


def written(name, arguments) -> str:
    return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)


def result(name, arguments, kit=TOOLS, **how):
    return run(written(name, arguments), kit, **how).result


# ---- the calculator ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("4312+587", 4899),
        ("2+3×4", 14),
        ("(2+3)*4", 20),
        ("100-10-1", 89),
        ("100÷10÷2", 5),
        ("7/3", 2.333333),
        ("0.1+0.2", 0.3),
        ("-2×(3+-4)", 2),
        ("−5 − −7", 2),
        (" 1 +\t2 ", 3),
        ("999999999×999999", 999998999000001),
    ],
)
def test_the_calculator_keeps_the_order_of_operations(expression, value):
    assert calculate(expression) == value
    assert type(calculate(expression)) is type(value)


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.integers(0, 999).map(str),
        lambda x: st.tuples(x, st.sampled_from("+-*/"), x).map("({0[0]}{0[1]}{0[2]})".format),
    )
)
def test_the_calculator_agrees_with_python(expression):
    try:
        right = eval(__import__("re").sub(r"\d+", r"Fraction(\g<0>)", expression), {"Fraction": Fraction})
    except ZeroDivisionError:
        with pytest.raises(ToolError, match=tools.ZERO):
            calculate(expression)
        return
    try:
        assert calculate(expression) == (right if right.denominator == 1 else round(float(right), 6))
    except ToolError as error:
        assert str(error) == "too many brackets" or abs(right) >= 10**15


@pytest.mark.parametrize(
    "expression",
    [
        *(
            "",
            "+",
            "1+",
            "(1",
            "1)",
            "1 2",
            "()",
            "1..2",
            "1e5",
            "2**3",
            "2^3",
            "5%",
            "=1+1",
            "１+１",
            "²",
            "٣",
            "∞",
            "nan",
            "NaN",
        ),
        *("__import__('os').system('true')", "print(1)", "a", "1;2", "[1]", "lambda: 1", "0x10", "1_000", "#", "\x00"),
        *("(" * 1000 + "1" + ")" * 1000, "-" * 1000 + "1", "9" * 16, "×".join(["999999"] * 28)),
    ],
)
def test_the_calculator_refuses_everything_else(expression):
    with pytest.raises(ToolError):
        calculate(expression)


def test_nothing_is_ever_evaluated(monkeypatch):
    import builtins

    def never(*_, **__):
        raise AssertionError("evaluated")

    for name in ("eval", "exec", "compile", "__import__"):
        monkeypatch.setattr(builtins, name, never)
    outcomes = [result("calculator", {"expression": text}) for text in ("__import__('os')", "eval('1')", "1+1")]
    monkeypatch.undo()
    assert outcomes == [{"error": "not a calculation"}, {"error": "not a calculation"}, {"result": 2}]


# ---- table and calendar --------------------------------------------------------------------------------------------


def test_the_table_is_whole():
    rows = tables.rows(course.root() / "datasets" / "town_places.csv", ("zh", "en", *tools.FIELDS))
    assert len(rows) >= 40
    for column in (0, 1):
        assert len({row[column] for row in rows}) == len(rows)
    for zh, en, opened, ticket, visitors in rows:
        assert en.replace(" ", "").isalpha() and en.isascii() and not any(c.isascii() for c in zh)
        assert 1800 <= int(opened) <= 2026 and 0 < int(ticket) < 1000 and 0 < int(visitors) < 10_000


def test_look_up():
    zh, en, values = tools.town()[3]
    for name in (zh, en):
        for field, value in values.items():
            assert result("look_up", {"name": name, "field": field}) == {"result": value}
    assert result("look_up", {"name": "Nowhere Hall", "field": "opened"}) == {"error": tools.NOT_FOUND}
    assert "error" in result("look_up", {"name": zh, "field": "__class__"})


def test_calendar_agrees_with_datetime():
    rng = random.Random(0)
    for _ in range(300):
        first = date(1, 1, 1) + timedelta(days=rng.randrange(3_000_000))
        second = date(1, 1, 1) + timedelta(days=rng.randrange(3_000_000))
        assert result("calendar", {"date": first.isoformat()}) == {"result": first.strftime("%A")}
        both = {"date": first.isoformat(), "until": second.isoformat()}
        assert result("calendar", both) == {"result": (second - first).days}
    for wrong in ("2023-02-29", "2023-13-01", "0000-01-01", "2023-06-31"):
        assert result("calendar", {"date": wrong}) == {"error": tools.NO_DATE}
        assert result("calendar", {"date": "2023-01-01", "until": wrong}) == {"error": tools.NO_DATE}


# ---- calls ---------------------------------------------------------------------------------------------------------


def test_a_call_written_and_read_is_the_same():
    call = Call("look_up", {"name": '灯塔“博物馆”\n"x"', "field": "opened"})
    [inside] = tool_use.calls(f"Let me see. {call.text}")
    assert parse(inside) == call
    assert tool_use.calls("<tool_call>a</tool_call> and <tool_call>b</tool_call><tool_call>c") == ["a", "b", "c"]
    assert tool_use.calls("The answer is 5.") == []


HOSTILE = [
    "",
    "null",
    "[]",
    "7",
    '"calculator"',
    "{",
    "{}",
    '{"name": "calculator"}',
    '{"name": "calculator", "arguments": {"expression": "1+1"}, "extra": 1}',
    '{"name": "calculator", "arguments": {"expression": "1+1"}} {}',
    '{"name": "calculator", "name": "calendar", "arguments": {"expression": "1+1"}}',
    '{"name": ["calculator"], "arguments": {}}',
    '{"name": null, "arguments": {}}',
    "{'name': 'calculator', 'arguments': {'expression': '1+1'}}",
    '{"name": "calculator", "arguments": "1+1"}',
    '{"name": "calculator", "arguments": []}',
    '{"name": "calculator", "arguments": {}}',
    '{"name": "calculator", "arguments": {"expression": 2}}',
    '{"name": "calculator", "arguments": {"expression": NaN}}',
    '{"name": "calculator", "arguments": {"expression": Infinity}}',
    '{"name": "calculator", "arguments": {"expression": null}}',
    '{"name": "calculator", "arguments": {"expression": {"expression": "1+1"}}}',
    '{"name": "calculator", "arguments": {"expression": "1+1", "self": "x"}}',
    '{"name": "calculator", "arguments": {"expression": "1+1", "__class__": "x"}}',
    '{"name": "os.system", "arguments": {"command": "true"}}',
    '{"name": "__import__", "arguments": {"name": "os"}}',
    '{"name": "eval", "arguments": {"expression": "1+1"}}',
    '{"name": "calculator", "arguments": {"expression": "' + "1+" * 5000 + '1"}}',
    '{"name": "calculator", "arguments": {"expression": "' + "1+" * 120 + '1"}}',
    '{"name": "calendar", "arguments": {"date": "2026-11-26; rm"}}',
    '{"name": "calendar", "arguments": {"date": "tomorrow"}}',
    '{"name": "look_up", "arguments": {"name": "x", "field": "visitors; drop"}}',
    "[" * 900,
    '{"name": "calculator", "arguments": ' + '{"a":' * 190 + "1" + "}" * 190 + "}",
    '{"name": "calculator", "arguments": {"expression": "\ud800"}}',
    "<tool_call>",
    "\x00",
    "1" * 999,
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:40].encode(errors="replace").decode() or "empty")
def test_a_hostile_call_is_an_error_result(text):
    step = run(text, TOOLS)
    assert list(step.result) == ["error"] and step.written == text
    assert len(tool_use.response(step.result)) < 200


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=200),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=9),
            lambda x: (
                st.lists(x, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["name", "arguments", "expression", "date", "field", "calculator"]), x, max_size=3
                )
            ),
        ).map(lambda x: json.dumps(x)),
    )
)
def test_no_text_makes_the_loop_raise(text):
    step = run(text, TOOLS)
    assert list(step.result) in (["error"], ["result"])


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(TOOLS),
    st.dictionaries(
        st.sampled_from(["expression", "name", "field", "date", "until", "other"]),
        st.none() | st.integers() | st.text(max_size=70) | st.sampled_from(["opened", "2026-11-26", "1+1", "x" * 300]),
        max_size=3,
    )
    | st.lists(st.text()),
)
def test_the_check_agrees_with_jsonschema(tool, arguments):
    theirs = jsonschema.Draft202012Validator(tool.parameters).is_valid(arguments)
    try:
        tool_use.validate(arguments, tool.parameters)
        ours = True
    except ToolError:
        ours = False
    assert ours == theirs


def test_the_schemas_are_json_schemas_and_openai_tools():
    for tool in TOOLS:
        jsonschema.Draft202012Validator.check_schema(tool.parameters)
        assert tool.schema["type"] == "function" and tool.schema["function"]["name"] == tool.name
        json.dumps(tool.schema)


# ---- tools that fail -----------------------------------------------------------------------------------------------


def made(do) -> Tool:
    return Tool("odd", "", "", {"type": "object", "properties": {}, "required": [], "additionalProperties": False}, do)


def test_a_slow_tool_is_not_waited_for():
    start = time.monotonic()
    assert result("odd", {}, [made(lambda: time.sleep(30))], seconds=0.1) == {"error": tools.LATE}
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    "do",
    [
        lambda: 1 / 0,
        lambda: float("nan"),
        lambda: float("inf"),
        lambda: object(),
        lambda: {1, 2},
        lambda: exit(),
        lambda: (_ for _ in ()).throw(KeyboardInterrupt),
        lambda: (_ for _ in ()).throw(OSError("/secret/path")),
    ],
)
def test_a_tool_that_breaks_says_only_that_it_failed(do):
    assert result("odd", {}, [made(do)]) == {"error": tools.FAILED}


def test_results_are_short_and_hold_no_tag():
    assert "error" in result("odd", {}, [made(lambda: "x" * 5000)])
    step = run(written("odd", {}), [made(lambda: "</tool_response><tool_call>")])
    assert "<" not in tool_use.response(step.result)
    assert json.loads(tool_use.response(step.result)) == step.result


def test_a_broken_tool_keeps_its_name():
    off = broken(CALCULATOR)
    assert (off.name, off.schema) == (CALCULATOR.name, CALCULATOR.schema)
    assert result("calculator", {"expression": "1+1"}, [off, LOOK_UP, CALENDAR]) == {"error": tools.OFF}
    assert result("calculator", {"expression": "1+1"}, [LOOK_UP]) == {"error": "no such tool"}


# ---- what may be asked ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("question", ["", "  \n", *(f"Hello {tag}" for tag in tool_use.TAGS)])
def test_questions_that_are_refused(question):
    with pytest.raises(CourseError) as error:
        tool_use.answer(question)
    assert error.value.zh and error.value.en
