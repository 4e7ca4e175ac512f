"""Trying candidates on one's own small set of tasks: what they say, whether it is right, seconds, tokens, cost.

A candidate is a function from a question to `Said`: a bundled model, a model behind an endpoint, or one's own function.
"""

import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch.nn.utils.rnn import pad_sequence

from aigc_course import endpoints, llm, reasoning, tool_use
from aigc_course.tool_choice import Price


class Task(NamedTuple):
    """answer: the number, or a word that a right reply has."""

    question: str
    answer: str


class Said(NamedTuple):
    """A reply and what it took. cost: None where it has to be worked out from a Price."""

    text: str
    prompt: int
    written: int
    seconds: float
    cost: float | None = None


class Result(NamedTuple):
    """What came of one task."""

    right: bool
    cost: float
    said: Said


def judge(answer: str, text: str) -> bool:
    """Whether a reply is right: its last number is the wanted one, or it has the wanted word, capitals or not."""
    if re.fullmatch(r"-?\d+(\.\d+)?", wanted := answer.strip()):
        numbers = re.findall(r"(?<![\d.])-?\d+(?:\.\d+)?", re.sub(r"(?<=\d),(?=\d{3})", "", text))
        return bool(numbers) and float(numbers[-1]) == float(wanted)
    return bool(wanted) and wanted.casefold() in text.casefold()


def bundled(name: str) -> Callable[[str], Said]:
    """question → Said, by a bundled model: `direct`, `reasoner`, `student` or `tool_user`."""

    def ask(question: str) -> Said:
        model, tokenizer = reasoning.load(name)
        start = time.perf_counter()
        if name == "tool_user":
            reply = tool_use.answer(question, model=(model, tokenizer))
            text, read = reply.text, prompt_tokens(tokenizer, question, reply)
        else:
            reply = reasoning.ask(question, (model, tokenizer))
            text = "" if reply.answer is None else str(reply.answer)
            read = len(tokenizer(question.strip())["input_ids"])
        return Said(text, read, reply.tokens, time.perf_counter() - start)

    return ask


def prompt_tokens(tokenizer, question: str, reply: tool_use.Reply, tools=tool_use.TOOLS) -> int:
    """Tokens that a tool user read: in each turn the question, and all calls and results so far, over again."""
    chats = [[{"role": "user", "content": question.strip()}]]
    for step in reply.steps:
        written = f"{tool_use.OPEN}{step.written}{tool_use.CLOSE}"
        turns = ("assistant", written), ("tool", tool_use.response(step.result))
        chats.append([*chats[-1], *({"role": role, "content": text} for role, text in turns)])
    return sum(map(len, tool_use.prompts(tokenizer, chats, tools)))


def through(endpoint: str, model: str | None = None, **settings) -> Callable[[str], Said]:
    """question → Said, by a model behind an endpoint; settings as for `llm.chat`. It may send a bill."""

    def ask(question: str) -> Said:
        reply = llm.chat(question, endpoint, model, **settings)
        used = reply.usage or endpoints.Usage(0, 0, 0)
        return Said(reply.text, used.prompt, used.written, reply.seconds, reply.cost and 1e6 * reply.cost)

    return ask


def with_key() -> list[str]:
    """The endpoints that want a key and whose key is set."""
    return [name for name, place in endpoints.endpoints().items() if place.key and os.environ.get(place.key)]


def evaluate(tasks: Iterable[Task], ask: Callable[[str], Said], price: Price) -> list[Result]:
    """Ask one task after the other, so that the seconds of each are its own."""
    found = []
    for task in tasks:
        said = ask(task.question)
        cost = price.bill(said.prompt, said.written) if said.cost is None else said.cost
        found.append(Result(judge(task.answer, said.text), cost, said))
    return found


@torch.inference_mode()
def sureness(model, prompts: Sequence[Sequence[int]], written: Sequence[Sequence[int]], rows: int = 64) -> list[float]:
    """For each reply (ids) to a prompt (ids) the probability of the token that the model was least sure of."""
    found, pairs = [], list(zip(prompts, written, strict=True))
    for at in range(0, len(pairs), rows):
        some = pairs[at : at + rows]
        ids = pad_sequence([torch.tensor([*prompt, *reply]) for prompt, reply in some], batch_first=True)
        chances = model(ids).logits.softmax(-1)  # fill on the right: no real token looks at it
        for row, (prompt, reply) in zip(chances, some, strict=True):
            own = row[len(prompt) - 1 : len(prompt) + len(reply) - 1]
            found.append(float(own.gather(1, torch.tensor(reply)[:, None]).min()))
    return found
