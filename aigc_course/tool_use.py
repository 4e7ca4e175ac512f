"""A model that uses tools: it writes a call, a program runs it, the model reads the result and answers.

The model only ever writes text. What stands between <tool_call> and </tool_call> is read as JSON, checked against the
tool's schema, and handed to a function that somebody put on the list (`aigc_course.tools`); nothing is evaluated as
code. The tags are those of Hermes and Qwen; models that teach themselves to call tools: Toolformer, Schick et al. 2023
(arXiv:2302.04761).
"""

import json
import queue
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from aigc_course import chat_replies
from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.reasoning import load
from aigc_course.rollouts import rollout
from aigc_course.tools import FAILED, LATE, TOOLS, Tool, ToolError

OPEN, CLOSE = "<tool_call>", "</tool_call>"
TAGS = (OPEN, CLOSE, "<tool_response>", "</tool_response>")
LONGEST_CALL, LONGEST_RESULT = 1000, 1000  # characters
SECONDS = 2.0  # a tool has to answer in
ROUNDS = 4  # calls one after the other, then the loop gives up
ANSWER = 120  # tokens in one turn
ROWS = 64  # texts written at a time


class Call(NamedTuple):
    """What a model asks for."""

    name: str
    arguments: dict

    @property
    def text(self) -> str:
        return f"{OPEN}{json.dumps(self._asdict(), ensure_ascii=False)}{CLOSE}"


class Step(NamedTuple):
    """A call and what came of it. written: the text between the tags; call: None where it is not well formed; result:
    {"result": …} or {"error": …}."""

    written: str
    call: Call | None
    result: dict


@dataclass(frozen=True)
class Reply:
    """What came back. text: the answer, "" where there was none after ROUNDS calls; steps: the calls on the way;
    tokens: how many the model wrote in all, the ends of its turns included."""

    text: str
    steps: list[Step] = field(default_factory=list)
    tokens: int = 0

    def __str__(self) -> str:
        lines = [f"{OPEN}{step.written}{CLOSE}\n  → {response(step.result)}" for step in self.steps]
        return "\n".join([*lines, self.text or t("（没有回答）", "(no answer)")])


# ---- reading, checking and running a call --------------------------------------------------------------------------


def calls(text: str) -> list[str]:
    """What stands between the tags; the last pair may lack its end."""
    return re.findall(f"{OPEN}(.*?)(?:{CLOSE}|$)", text, re.DOTALL)


def parse(written: str) -> Call:
    """The call that a text holds, {"name": …, "arguments": {…}}; ToolError where it is none."""

    def once(pairs: list[tuple]) -> dict:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("the same key twice")
        return dict(pairs)

    def refuse(word: str):
        raise ValueError(word)  # NaN and Infinity, which JSON does not have

    if len(written) > LONGEST_CALL:
        raise ToolError("the call is too long")
    try:
        read = json.loads(written, object_pairs_hook=once, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ToolError("the call is not JSON") from error
    if not (isinstance(read, dict) and read.keys() == {"name", "arguments"} and isinstance(read["name"], str)):
        raise ToolError("a call has name and arguments")
    return Call(read["name"], read["arguments"])


def validate(arguments, schema: dict) -> None:
    """Check arguments against the part of JSON Schema that our tools need: an object of texts, with `required`,
    `pattern`, `enum`, `maxLength`, and nothing else allowed. ToolError names the first fault."""
    known = schema["properties"]
    if not isinstance(arguments, dict):
        raise ToolError("arguments must be an object")
    if missing := [name for name in schema["required"] if name not in arguments]:
        raise ToolError(f"argument missing: {missing[0]}")
    for name, value in arguments.items():
        if name not in known:
            raise ToolError("unknown argument")
        rule = known[name]
        if not isinstance(value, str):
            raise ToolError(f"{name} must be a text")
        long = len(value) > rule.get("maxLength", LONGEST_CALL)
        if long or value not in rule.get("enum", [value]) or not re.search(rule.get("pattern", ""), value):
            raise ToolError(f"{name} is not allowed")


def run(written: str, tools: Sequence[Tool], seconds: float = SECONDS) -> Step:
    """Parse, check and run one call. Whatever goes wrong is a result that says so; nothing is raised."""
    call = None
    try:
        call = parse(written)
        tool = next((tool for tool in tools if tool.name == call.name), None)
        if tool is None:
            raise ToolError("no such tool")
        validate(call.arguments, tool.parameters)
        result = {"result": _in_time(lambda: tool.run(**call.arguments), seconds)}
        if len(response(result)) > LONGEST_RESULT:
            raise ToolError("the result is too long")
        return Step(written, call, result)
    except ToolError as error:
        return Step(written, call, {"error": str(error)})
    except Exception:  # a tool's own fault, or a result that JSON cannot hold: the model need not know which
        return Step(written, call, {"error": FAILED})


def _in_time(do: Callable, seconds: float):
    """do(), in a thread of its own; ToolError where it takes longer. Python cannot stop a thread: it is left alone."""
    done: queue.SimpleQueue = queue.SimpleQueue()

    def work() -> None:
        try:
            done.put((do(), None))
        except BaseException as error:  # even SystemExit: a tool cannot end the program
            done.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        value, error = done.get(timeout=seconds)
    except queue.Empty:
        raise ToolError(LATE) from None
    if error is not None:
        raise error if isinstance(error, Exception) else ToolError(FAILED)
    return value


def response(result: dict) -> str:
    """A result as JSON for the model. "<" is written \\u003c, so that no result can hold a tag."""
    return json.dumps(result, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


# ---- the loop ------------------------------------------------------------------------------------------------------


def answer(question: str, tools: Sequence[Tool] = TOOLS, model="tool_user") -> Reply:
    """Ask one question and let the model call tools until it answers.

    model: a bundled model's name, or a pair (model, tokenizer) with a chat template that knows tools, such as Qwen3's.
    The bundled `tool_user` learned these three tools and is not told of others; a chat model reads their descriptions.
    CourseError for a question that is empty, too long, or holds one of the TAGS, which could pretend to be a result.
    """
    return answers([question], tools, model)[0]


def answers(questions: Sequence[str], tools: Sequence[Tool] = TOOLS, model="tool_user") -> list[Reply]:
    """`answer` for many questions, written side by side."""
    model, tokenizer = load(model) if isinstance(model, str) else model
    chats = [[{"role": "user", "content": _checked(question)}] for question in questions]
    room = model.config.max_position_embeddings - ANSWER
    if (longest := max(map(len, prompts(tokenizer, chats, tools)), default=0)) > room:
        raise CourseError(
            f"问题太长：有 {longest} 个 token，最多 {room} 个，请写短一些。",
            f"The question is too long: {longest} tokens, at most {room} fit. Shorten it.",
        )
    replies = [Reply("") for _ in questions]
    live = list(range(len(questions)))
    for left in range(ROUNDS, -1, -1):
        if not live:
            break
        turns = write(model, tokenizer, [chats[i] for i in live], tools)
        going_on = []
        for i, (text, tokens) in zip(live, turns, strict=True):
            wanted = calls(text)
            steps = [run(written, tools) for written in wanted] if left else []
            before = replies[i]
            replies[i] = Reply("" if wanted else text.strip(), before.steps + steps, before.tokens + tokens)
            if steps:
                chats[i].append({"role": "assistant", "content": text})
                chats[i] += [{"role": "tool", "content": response(step.result)} for step in steps]
                going_on.append(i)
        live = going_on
    return replies


def _checked(question: str) -> str:
    question = question.strip()
    if not question:
        raise CourseError("问题是空的：请写一个问题。", "The question is empty: write one.")
    if tag := next((tag for tag in TAGS if tag in question), None):
        raise CourseError(
            f"问题里不能有 {tag}：不然它可以冒充工具的结果。",
            f"A question must not hold {tag}: it could pretend to be a tool's result.",
        )
    return question


def prompts(tokenizer, chats: Sequence[list[dict]], tools: Sequence[Tool]) -> list[list[int]]:
    """Conversations as ids, laid out by the tokenizer's template, which tells a chat model of the tools."""
    how = {"tools": [tool.schema for tool in tools], "add_generation_prompt": True, "enable_thinking": False}
    texts = [tokenizer.apply_chat_template(chat, tokenize=False, **how) for chat in chats]
    return tokenizer(texts, add_special_tokens=False)["input_ids"] if texts else []


def write(model, tokenizer, chats: Sequence[list[dict]], tools: Sequence[Tool]) -> list[tuple[str, int]]:
    """(text, tokens) of the next turn of each conversation, greedily; ("", 0) for one that has grown too long."""
    asked = prompts(tokenizer, chats, tools)
    ours = model.config.model_type == "llama" and isinstance(model.config.eos_token_id, int)
    fits = [i for i, ids in enumerate(asked) if len(ids) + ANSWER <= model.config.max_position_embeddings]
    fits.sort(key=lambda i: len(asked[i]))
    written: dict[int, list[int]] = {}
    for at in range(0, len(fits), ROWS):
        part = fits[at : at + ROWS]
        some, how = [asked[i] for i in part], {"max_new_tokens": ANSWER}
        out = rollout(model, some, **how) if ours else chat_replies.write(model, tokenizer, some, **how)
        written |= zip(part, out, strict=True)
    found = [written.get(i, []) for i in range(len(chats))]
    end = [tokenizer.eos_token_id]
    return [(tokenizer.decode(ids[:-1] if ids[-1:] == end else ids), len(ids)) for ids in found]
