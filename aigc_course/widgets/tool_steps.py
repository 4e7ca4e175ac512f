"""How a model answers with tools, step by step: what it writes, what the program checks, what the tool returns."""

import json
from collections.abc import Mapping, Sequence
from json.decoder import scanstring

from traitlets import List

from aigc_course import tool_use
from aigc_course.errors import CourseError
from aigc_course.i18n import get_lang
from aigc_course.tools import TOOLS, Tool, ToolError
from aigc_course.widgets import labels, svg
from aigc_course.widgets.base import CourseWidget, page_files

MOST, LONGEST = 12, 1200  # replies; characters of one text that are shown
GOOD, BAD = "#1a7f37", "#a4262c"


class ToolSteps(CourseWidget):
    """Step through replies of `tool_use.answer`: question, call, checks, result, answer.

    replies: one or several; questions: what was asked, one for each; tools: those that the model could call, whose
    schemas are shown. Everything is worked out here, once: the page needs no Python. Only texts are shown, nothing in
    them is run. CourseError for what cannot be shown.
    """

    _esm, _css = page_files(__file__)

    stories = List(help="what `story` makes of each reply").tag(sync=True)

    def __init__(self, replies, questions, tools: Sequence[Tool] = TOOLS, lang: str | None = None, **kwargs) -> None:
        replies = [replies] if hasattr(replies, "steps") else list(replies)
        questions = [questions] if isinstance(questions, str) else list(questions)
        if not 1 <= len(replies) <= MOST or len(questions) != len(replies):
            raise CourseError(
                f"请给 1 到 {MOST} 个回答，每个回答配一个问题；现在有 {len(replies)} 个回答，{len(questions)} 个问题。",
                f"Give 1 to {MOST} replies and one question for each; here are {len(replies)} replies and "
                f"{len(questions)} questions.",
            )
        told = [story(question, reply, tools) for question, reply in zip(questions, replies, strict=True)]
        super().__init__(stories=told, lang=lang or get_lang(), **kwargs)

    def static_svg(self) -> str:
        """The whole of the first story."""
        say = self._say
        title = say("模型怎样用工具", "How a model uses tools")
        rows = list(self._rows(self.stories[0]))
        shapes = [svg.text(24, 36, title, 18, font_weight=600)]
        note = say("静态图；运行单元格就能一步一步看", "A still picture: run the cell to go step by step")
        shapes.append(svg.text(736, 36, note, 13, svg.SOFT, text_anchor="end"))
        for i, (who, words, colour) in enumerate(rows):
            y = 56 + 34 * i
            shapes += [svg.box(24, y, 712, 28, svg.PANEL, rx=5), svg.box(24, y, 4, 28, colour)]
            shapes.append(svg.text(38, y + 19, who, 13, svg.SOFT))
            shapes.append(svg.text(130, y + 19, svg.fit(words, 14, 596), 14))
        return svg.picture(760, 66 + 34 * len(rows), title, shapes)

    def _rows(self, story: dict):
        """(who, what, colour) of each row of the still picture."""
        say = self._say
        yield say("提问", "Question"), _line(story["question"]), svg.SOFT
        for step in story["steps"]:
            yield say("模型写", "Model"), _line("".join(text for text, _ in step["written"])), svg.MODEL
            if step["fault"]:
                yield say("程序检查", "Program"), f"✗ {step['fault']}", BAD
            else:
                yield say("程序检查", "Program"), say("✓ 格式、工具、参数都对", "✓ form, tool and arguments"), GOOD
                failed = step["failed"]
                yield say("工具返回", "Tool"), _line(step["result"]), BAD if failed else svg.TRUTH
        nothing = say("（没有回答）", "(no answer)")
        yield say("模型回答", "Answer"), _line(story["answer"]) or nothing, svg.MODEL

    def _say(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en


def _line(text: str) -> str:
    return " ".join(text.split())


# ---- what is told ---------------------------------------------------------------------------------------------------


def story(question: str, reply, tools: Sequence[Tool]) -> dict:
    """What the page shows of a reply: {question, steps: [see `told`], answer, tokens}; CourseError where it is none."""
    try:
        steps = [told(step.written, step.call, step.result, tools) for step in reply.steps]
        answer, tokens = _shown(reply.text), int(getattr(reply, "tokens", 0))
    except CourseError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise CourseError(
            "这不像一个回答：需要 tool_use.answer 给出的 Reply，有 text 和 steps，每步有 written、call、result。",
            "This is no reply: it takes a Reply of tool_use.answer, with text and steps, each of these with written, "
            "call and result.",
        ) from error
    if not isinstance(question, str) or not question.strip():
        raise CourseError("问题是空的：每个回答都要配上问题的文字。", "A question is empty: each reply needs its text.")
    return {"question": _shown(question), "steps": steps, "answer": answer, "tokens": tokens}


def told(written: str, call, result: Mapping, tools: Sequence[Tool]) -> dict:
    """A call and what came of it.

    written: [[text, part], …], part being "name", "arguments" or ""; name: of the tool that was wanted; known: names of
    all tools; checks: whether it passed each of form, list and schema, None where it was not tried; fault: what the
    program found wrong, "" for nothing; rules: [argument, its schema, what was given], None for nothing; result: as
    the model reads it; failed: whether that is an error.
    """
    if set(result) not in ({"result"}, {"error"}):
        raise ValueError("a result is {'result': …} or {'error': …}")
    failed = "error" in result
    tool = next((tool for tool in tools if call is not None and tool.name == call.name), None)
    fault = ""
    if call is None or tool is None:
        fault = str(result.get("error", "no such tool"))
    else:
        try:
            tool_use.validate(call.arguments, tool.parameters)
        except ToolError as error:
            fault = str(error)
    if fault and not failed:
        raise CourseError(
            "有一个调用成功了，可是按 tools 里的工具它不该成功：请把模型当时能用的工具传给 tools。",
            "A call succeeded that these tools would not have let through: give `tools` as they were for the model.",
        )
    given = call.arguments if tool is not None and isinstance(call.arguments, dict) else {}
    rules = [[name, _json(rule), _json(given[name]) if name in given else None] for name, rule in _rules(tool)]
    rules += [[_shown(name), None, _json(value)] for name, value in given.items() if name not in dict(_rules(tool))]
    passed = [call is not None, tool is not None, not fault]
    checks = [passed[i] if all(passed[:i]) else None for i in range(3)]
    pieces = parts(written) if call is not None else [(written, "")]
    return {
        "written": [[_shown(text), part] for text, part in pieces],
        "name": "" if call is None else _shown(call.name),
        "known": [known.name for known in tools],
        "checks": checks,
        "fault": _shown(fault),
        "rules": rules,
        "result": _shown(tool_use.response(dict(result))),
        "failed": failed,
    }


def _rules(tool: Tool | None) -> list[tuple[str, dict]]:
    return [] if tool is None else list(tool.parameters["properties"].items())


def parts(written: str) -> list[tuple[str, str]]:
    """A well-formed call cut where its tool's name and its arguments stand: (text, "name", "arguments" or ""). The
    texts together are `written`."""
    decoder, cuts = json.JSONDecoder(), []
    at = written.index("{")
    while at < len(written):
        if written[at] != '"':
            at += 1  # a bracket, a comma, a space
            continue
        key, at = scanstring(written, at + 1)
        at = written.index(":", at) + 1
        at += len(written[at:]) - len(written[at:].lstrip())
        _, end = decoder.raw_decode(written, at)
        cuts.append((at, end, key))
        at = end
    found, at = [], 0
    for start, end, key in cuts:
        found += [(written[at:start], ""), (written[start:end], key)]
        at = end
    return [*found, (written[at:], "")]


def _json(value) -> str:
    return _shown(json.dumps(value, ensure_ascii=False))


def _shown(text: str) -> str:
    """`text`, not too long, with a sign for each character that has no shape (half a surrogate pair, a control)."""
    if not isinstance(text, str):
        raise TypeError("no text")
    cut = text if len(text) <= LONGEST else text[:LONGEST] + "…"
    return "".join(c if c.isprintable() or c in "\n\u3000" else labels.mark(c) for c in cut)
