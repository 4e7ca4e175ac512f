"""Calls of tools in the replies of chat models: read from a message, or joined from the pieces of a stream.

A call's arguments come as text that the model wrote, mostly JSON, sometimes not. A slip of the model is no failure of
the endpoint, so it is no error here: the call is kept, `arguments` is None, and the program tells the model of it.

    messages = [{"role": "user", "content": "…"}]
    while (reply := llm.chat(messages, tools=[tool.schema for tool in TOOLS])).tool_calls:
        messages.append(reply.message)
        for call in reply.tool_calls:
            step = tool_use.run(call.written, TOOLS)  # checks the arguments against the tool's schema, then runs it
            messages.append(call.answer(tool_use.response(step.result)))
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from aigc_course.errors import CourseError


@dataclass(frozen=True)
class ToolCall:
    """One call. id: what the answer names it by; text: the arguments as the model wrote them; arguments: the same read,
    None where they are not a JSON object. Whether they suit the tool is for the program to check."""

    id: str
    name: str
    arguments: dict | None
    text: str

    @property
    def written(self) -> str:
        """The whole call as `tool_use.run` reads it; what was wrong in it is still wrong."""
        return f'{{"name": {json.dumps(self.name, ensure_ascii=False)}, "arguments": {self.text}}}'

    @property
    def part(self) -> dict:
        """The call as a part of the assistant's message. Servers (vLLM, Ollama) refuse arguments that are no object
        and with them the whole conversation: none are sent in their place."""
        arguments = "{}" if self.arguments is None else self.text
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": arguments}}

    def answer(self, result: str) -> dict:
        """The message that brings the model the result, a text; that it failed, and why, is a result too."""
        return {"role": "tool", "tool_call_id": self.id, "content": result}


class Joined:
    """Calls while they come in."""

    def __init__(self):
        self._parts: list[dict] = []
        self._open: dict[int | None, dict] = {}  # by index: the part that the next delta with this index belongs to

    def add(self, index: int | None, call) -> None:
        """Take in a whole call, or a delta of one. Deltas of one call share an index; but some servers count every call
        as 0 (Ollama, issue 15457) or do not count (Ollama, issue 7881): a new id begins a new call all the same."""
        part = self._open.get(index)
        if part is None or (call.id and part["id"] and call.id != part["id"]):
            part = self._open[index] = {"id": "", "name": "", "text": ""}
            self._parts.append(part)
        part["id"] = part["id"] or call.id or ""
        if call.function:
            part["name"] = part["name"] or call.function.name or ""
            text = call.function.arguments or ""
            part["text"] += text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)

    def calls(self) -> tuple[ToolCall, ...]:
        """What has come in; ValueError where a call has no name."""
        if not all(part["name"] for part in self._parts):
            raise ValueError("a call without a name")
        found = []
        for i, part in enumerate(self._parts):
            text = part["text"].strip() or "{}"  # a tool without arguments
            found.append(ToolCall(part["id"] or f"call_{i}", part["name"], _object(text), text))
        return tuple(found)


def _object(text: str) -> dict | None:
    def refuse(word: str):
        raise ValueError(word)  # NaN and Infinity, which JSON does not have

    try:
        read = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def checked(tools: Iterable[Mapping]) -> Sequence[Mapping]:
    """Tools in OpenAI's form; CourseError for anything else."""
    tools = list(tools)
    for tool in tools:
        function = tool.get("function") if isinstance(tool, Mapping) else None
        if not isinstance(function, Mapping) or not isinstance(function.get("name"), str):
            raise CourseError(
                'tools 要是一列工具的描述，每个形如 {"type": "function", "function": {"name": "…", …}}，'
                "如 [tool.schema for tool in tools.TOOLS]。",
                'tools must be a list of descriptions, each {"type": "function", "function": {"name": "…", …}}, '
                "such as [tool.schema for tool in tools.TOOLS].",
            )
    return tools
