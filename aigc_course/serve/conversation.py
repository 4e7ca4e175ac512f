"""A chat request's messages and tools as a prompt: by the model's chat template, or its one question alone."""

import json
import re

from jinja2 import TemplateError

from aigc_course.serve.refused import Refused
from aigc_course.tool_use import OPEN, TAGS
from aigc_course.tools import TOOLS

ROLES = ("system", "developer", "user", "assistant", "tool")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # of a tool, in OpenAI's API


def text(content, param: str) -> str:
    """A text, or a list of parts that are texts, as one text."""
    if isinstance(content, list) and param == "messages":
        parts = [
            part.get("text") if isinstance(part, dict) and part.get("type") == "text" else None for part in content
        ]
        content = "".join(parts) if all(isinstance(part, str) for part in parts) else None
    if not isinstance(content, str):
        raise Refused(
            f"{param} 里要是一段文字；这些模型只会读文字，一次写一段。",
            f"{param} must hold one text: these models read text only, and write one at a time.",
            param,
        )
    return content


def encode(tokenizer, prompt: str, special: bool = True) -> list[int]:
    try:
        prompt.encode()
    except UnicodeEncodeError:
        raise Refused(
            "文字里有半个字符（单独的代理码位）。", "The text holds half a character (a lone surrogate)."
        ) from None
    return tokenizer(prompt, add_special_tokens=special)["input_ids"]


# ---- tools ----------------------------------------------------------------------------------------------------------


def uses_tools(tokenizer) -> bool:
    """Whether the model's template knows how a call is written."""
    return OPEN in (tokenizer.chat_template or "")


def offered(body: dict, name: str, tokenizer) -> list[dict]:
    """The tools that the model may call; none where the request says so."""
    tools = [] if body.get("tools") is None else body["tools"]
    choice = "auto" if body.get("tool_choice") is None else body["tool_choice"]
    if choice not in ("auto", "none"):
        raise Refused(
            "这台服务器不能强迫模型调用工具：tool_choice 只能是 auto 或 none。",
            "This server cannot make a model call a tool: tool_choice must be auto or none.",
            "tool_choice",
            code="unsupported_parameter",
        )
    if not isinstance(tools, list) or not all(map(_is_tool, tools)):
        raise Refused(
            'tools 要是一列 {"type": "function", "function": {"name": "…", "parameters": {…}}}，不支持 strict。',
            'tools must be a list of {"type": "function", "function": {"name": "…", "parameters": {…}}}, not strict.',
            "tools",
        )
    if tools and not uses_tools(tokenizer):
        raise _no_tools(name, "tools")
    return [] if choice == "none" else tools


def _is_tool(tool) -> bool:
    function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
    return (
        isinstance(function, dict)
        and isinstance(function.get("name"), str)
        and bool(NAME.fullmatch(function["name"]))
        and isinstance(function.get("description") or "", str)
        and isinstance(function.get("parameters") or {}, dict)
        and not function.get("strict")
    )


def _no_tools(name: str, param: str) -> Refused:
    return Refused(
        f"模型 {name} 不会用工具：请去掉 tools 和工具的消息。",
        f"The model {name} can't use tools: leave out tools and the messages about them.",
        param,
        code="unsupported_parameter",
    )


# ---- messages -------------------------------------------------------------------------------------------------------


def ids(body: dict, name: str, tokenizer, tools: list[dict], think: bool) -> list[int]:
    """The prompt's ids: by the chat template where the model has one, else its one question alone."""
    turns = _turns(body.get("messages"), name, uses_tools(tokenizer))
    if tokenizer.chat_template:
        return encode(tokenizer, _laid_out(turns, name, tokenizer, tools, think), special=False)
    if len(turns) > 1 or turns[0]["role"] != "user":
        raise Refused(
            f"{name} 一次只会回答一个问题，不懂系统消息和前面的对话：请只发一条 role 为 user 的消息。",
            f"{name} answers one question at a time and knows neither system messages nor earlier turns: "
            "send a single message with role user.",
            "messages",
        )
    return encode(tokenizer, turns[0]["content"].strip())


def _laid_out(turns: list[dict], name: str, tokenizer, tools: list[dict], think: bool) -> str:
    """The conversation as the model's template writes it."""

    def render(tools: list[dict] | None) -> str:
        return tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True, enable_thinking=think, tools=tools
        )

    try:
        prompt = render(tools or None)
        told = not tools or prompt != render(None)
    except TemplateError as error:  # a template may forbid an order of roles
        raise Refused(
            f"{name} 不接受这样的对话：{error}。", f"{name} does not take such messages: {error}.", "messages"
        ) from error
    learned = {tool.name for tool in TOOLS}
    if not told and not all(tool["function"]["name"] in learned for tool in tools):
        names = ", ".join(tool.name for tool in TOOLS)
        raise Refused(
            f"{name} 不看工具的说明，只会用它学过的工具：{names}。",
            f"{name} does not read descriptions of tools and can use only those that it learned: {names}.",
            "tools",
        )
    return prompt


def _turns(messages, name: str, tags: bool) -> list[dict]:
    """Messages as a template wants them. tags: whether the model knows tools, and their tags mean something to it."""
    if not isinstance(messages, list) or not messages or not all(isinstance(one, dict) for one in messages):
        raise Refused(
            'messages 要是一列消息，如 [{"role": "user", "content": "…"}]。',
            'messages must be a list of messages, such as [{"role": "user", "content": "…"}].',
            "messages",
        )
    if not all(isinstance(one.get("role"), str) and one["role"] in ROLES for one in messages):
        raise Refused(
            f"每条消息的 role 要是 {'、'.join(ROLES)} 之一。",
            f"Each message's role must be one of {', '.join(ROLES)}.",
            "messages",
        )
    turns: list[dict] = []
    waiting: dict[str, int] = {}  # by id of a call: the place of its result, in the order of the calls
    for one in messages:
        calls = _calls(one.get("tool_calls")) if one["role"] == "assistant" else {}
        if not tags and (calls or one["role"] == "tool"):
            raise _no_tools(name, "messages")
        content = "" if calls and one.get("content") is None else text(one.get("content"), "messages")
        if tags and one["role"] != "assistant" and any(tag in content for tag in TAGS):
            raise Refused(
                f"消息里不能有 {'、'.join(TAGS)}：不然它可以冒充工具的结果。",
                f"A message must not hold {', '.join(TAGS)}: it could pretend to be a tool's result.",
                "messages",
            )
        turn = {"role": one["role"], "content": content}
        if one["role"] == "tool" and one.get("tool_call_id") in list(waiting):
            turns[waiting.pop(one["tool_call_id"])] = turn
            continue
        if one["role"] == "tool" or waiting:
            raise _out_of_step()
        turns.append(turn | {"tool_calls": list(calls.values())} if calls else turn)
        waiting = {id: len(turns) + i for i, id in enumerate(calls)}
        turns += [{} for _ in calls]
    if waiting:
        raise _out_of_step()
    if not turns[-1]["content"].strip():
        raise Refused("最后一条消息是空的。", "The last message is empty.", "messages")
    return turns


def _out_of_step() -> Refused:
    return Refused(
        "模型调用了工具，下面就要为每个调用给一条 role 为 tool 的消息，tool_call_id 与调用相同；别处不能有这样的消息。",
        "After a message with tool_calls, each call needs a message with role tool and its tool_call_id; "
        "such a message can stand nowhere else.",
        "messages",
    )


def _calls(calls) -> dict[str, dict]:
    """An earlier message's tool_calls by their ids, with the arguments read."""
    read = {}
    for call in calls if isinstance(calls, list) else [calls] if calls else []:
        try:
            function = call["function"]
            arguments = json.loads(function["arguments"])
            good = isinstance(arguments, dict) and isinstance(call["id"], str) and NAME.fullmatch(function["name"])
        except (TypeError, KeyError, ValueError, RecursionError):
            good = False
        if not good or call["id"] in read:
            raise Refused(
                'tool_calls 要是一列 {"id": "…", "type": "function", "function": {"name": "…", "arguments": "{…}"}}，'
                "id 不重复，arguments 是写成 JSON 的一个对象。",
                'tool_calls must be a list of {"id": "…", "type": "function", "function": {"name": "…", "arguments": '
                '"{…}"}}, with different ids and arguments that are a JSON object as a text.',
                "messages",
            )
        read[call["id"]] = {"type": "function", "function": {"name": function["name"], "arguments": arguments}}
    return read
