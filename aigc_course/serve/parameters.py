"""What a request may hold. Everything is checked; what this server does not do is refused, not passed over in silence.

The fields are those of OpenAI's Chat Completions and Completions, and DeepSeek's `thinking`.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from aigc_course.serve import conversation
from aigc_course.serve.engine import Settings
from aigc_course.serve.refused import Refused

STOPS = 4  # OpenAI's limit
READ = {
    *("model", "messages", "prompt", "stream", "stream_options", "max_tokens", "max_completion_tokens"),
    *("temperature", "top_p", "seed", "stop", "thinking", "tools", "tool_choice"),
}
CHAT = {"messages", "tools", "tool_choice"}  # what only a chat has
NO_MATTER = {"user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key"}
# what would change the text and is not done here: only the value that changes nothing is taken
OFF = {
    "n": 1,
    "best_of": 1,
    "frequency_penalty": 0,
    "presence_penalty": 0,
    "logit_bias": {},
    "logprobs": False,
    "echo": False,
    "tools": [],
    "parallel_tool_calls": True,
    "response_format": {"type": "text"},
}


class Wanted(NamedTuple):
    """A request that can be fulfilled. ids: the prompt; usage: whether a stream ends with a count of tokens."""

    ids: list[int]
    settings: Settings
    stream: bool
    usage: bool


def parse(data: bytes) -> dict:
    """The JSON object of a request's body."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError) as error:  # bad JSON, bad UTF-8, endless digits; nested a thousand deep
        reason = str(error)[:100] or type(error).__name__
        raise Refused(
            f"请求不是 JSON（{reason}）。", f"The request is not JSON ({reason}).", code="invalid_json"
        ) from error
    if not isinstance(body, dict):
        raise Refused("请求要是一个 JSON 对象：{…}。", "The request must be a JSON object: {…}.", code="invalid_json")
    return body


def model(body: dict, names: Sequence[str]) -> str:
    """The model that is asked for, one of `names`."""
    name = body.get("model")
    if not isinstance(name, str):
        raise Refused(
            f"要用 model 指明模型，可选：{'、'.join(names)}。", f"Name a model in model: {', '.join(names)}.", "model"
        )
    if name not in names:
        shown = _shown(name)
        raise Refused(
            f"这里没有模型 {shown!r}，可选：{'、'.join(names)}。",
            f"There is no model {shown!r} here: {', '.join(names)}.",
            "model",
            404,
            "model_not_found",
        )
    return name


def wanted(body: dict, name: str, tokenizer, context: int, chat: bool) -> Wanted:
    """Check the rest of a request to the model `name`. context: how many tokens it can hold."""
    _known(body, chat)
    think, tools = _thinking(body), []
    if chat:
        tools = conversation.offered(body, name, tokenizer)
        ids = conversation.ids(body, name, tokenizer, tools, think)
    else:
        ids = conversation.encode(tokenizer, conversation.text(body.get("prompt"), "prompt"))
    room = context - len(ids)
    most = _number(
        body, "max_completion_tokens" if body.get("max_tokens") is None else "max_tokens", room, 1, 10**9, True
    )
    if room < 1 or most > room:
        raise Refused(
            f"太长了：这个模型最多容纳 {context} 个 token，提示词有 {len(ids)} 个，最多再写 {max(room, 0)} 个。",
            f"Too long: the model holds {context} tokens, the prompt has {len(ids)}, so {max(room, 0)} can follow.",
            ("messages" if chat else "prompt") if room < 1 else "max_tokens",
            code="context_length_exceeded",
        )
    settings = Settings(
        max_tokens=most,
        temperature=_number(body, "temperature", 1.0, 0, 2),
        top_p=_number(body, "top_p", 1.0, 0, 1),
        seed=_number(body, "seed", None, -(2**63), 2**63 - 1, True),
        stop=_stop(body),
        think=think,
        split=chat,
        tools=bool(tools),
    )
    options = _typed(body, "stream_options", dict, {})
    return Wanted(ids, settings, _typed(body, "stream", bool, False), _typed(options, "include_usage", bool, False))


def _shown(name: str) -> str:
    """A client's own word, fit to be sent back."""
    return name[:60].encode(errors="replace").decode()


def _known(body: dict, chat: bool) -> None:
    for name, value in body.items():
        if value is None or name in NO_MATTER or (name in OFF and value == OFF[name]):
            continue
        if name not in READ or name in ({"prompt"} if chat else CHAT):
            shown = _shown(name)
            only = f"（只能是 {json.dumps(OFF[name])}）" if name in OFF else ""
            only_en = f" (only {json.dumps(OFF[name])})" if name in OFF else ""
            raise Refused(
                f"这台服务器不支持 {shown}{only}，请去掉它。",
                f"This server does not do {shown}{only_en}: leave it out.",
                shown,
                code="unsupported_parameter",
            )


def _typed(body: dict, name: str, kind: type, default):
    value = body.get(name)
    if value is None:
        return default
    if not isinstance(value, kind):
        word = {bool: "true/false", dict: "{…}"}[kind]
        raise Refused(f"{name} 要是 {word}。", f"{name} must be {word}.", name, code="invalid_type")
    return value


def _number(body: dict, name: str, default, low: float, high: float, whole: bool = False):
    value = body.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not low <= value <= high:
        kind, kind_en = ("整数", "a whole number") if whole else ("数", "a number")
        raise Refused(
            f"{name} 要是 {low:g} 到 {high:g} 之间的{kind}。",
            f"{name} must be {kind_en} from {low:g} to {high:g}.",
            name,
        )
    return value


def _stop(body: dict) -> tuple[str, ...]:
    stop = body.get("stop")
    stops = [stop] if isinstance(stop, str) else stop or []
    if not isinstance(stops, list) or len(stops) > STOPS or not all(isinstance(one, str) and one for one in stops):
        raise Refused(
            f"stop 要是一段文字，或最多 {STOPS} 段，每段至少一个字。",
            f"stop must be a text, or a list of up to {STOPS}, none of them empty.",
            "stop",
        )
    return tuple(stops)


def _thinking(body: dict) -> bool:
    kinds = {"enabled": True, "disabled": False}
    kind = _typed(body, "thinking", dict, {}).get("type", "enabled")
    if not isinstance(kind, str) or kind not in kinds:
        raise Refused(
            'thinking 要是 {"type": "enabled"} 或 {"type": "disabled"}。',
            'thinking must be {"type": "enabled"} or {"type": "disabled"}.',
            "thinking",
        )
    return kinds[kind]
