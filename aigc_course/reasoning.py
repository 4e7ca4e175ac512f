"""Asking a model that thinks before it answers, one that does not, and measuring both.

The models are small Llamas that solve arithmetic stories (`aigc_course.stories`). A thinking one first writes
its steps: <think>7+5=12，12-3=9</think>9; a direct one writes 9.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_course import chat_replies, hub, stories
from aigc_course.chat_replies import CLOSE, OPEN
from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.rollouts import Decoder, Rule, rollout

MAX_NEW_TOKENS = 160
ANSWER = 16  # tokens, enough for an answer without steps
ROWS = 64  # texts written at a time: more do not fit into a processor's caches


@dataclass(frozen=True)
class Reply:
    """A model's reply. answer: None where it wrote no number; thinking: the steps, "" if none; tokens: how many it
    wrote, the end included; outside: one sentence why the model was not made for this question, None if it was."""

    answer: int | None
    thinking: str
    tokens: int
    outside: str | None = None

    def __str__(self) -> str:
        shown = t("没有答案", "no answer") if self.answer is None else str(self.answer)
        shown = f"{OPEN}{self.thinking}{CLOSE}{shown}" if self.thinking else shown
        return f"{shown}  ⚠ {self.outside}" if self.outside else shown


class Attempt(NamedTuple):
    """One text that a model wrote: its ids (the end included), the text, and what stands in it."""

    ids: list[int]
    text: str
    thinking: str
    answer: int | None


def ask(question: str, model="reasoner", think: bool = True, budget: int | None = None) -> Reply:
    """Ask one arithmetic story, in Chinese or English; the model answers greedily.

    model: the name of a bundled model, or a pair (model, tokenizer). think: False forbids the thinking. budget: at most
    so many thinking tokens, then the thinking is cut off and the answer demanded. A question that the model was not
    made for is answered all the same, and the reply's `outside` says so. CourseError for an empty or overlong question,
    an unknown model, a budget that is not a whole number from 0 up.
    """
    [[attempt]] = attempts(model, [question.strip()], think=think, budget=budget)
    reason = stories.outside(question, **_learned(model))
    return Reply(attempt.answer, attempt.thinking, len(attempt.ids), reason and str(reason))


def _learned(model) -> dict:
    """What the stories had that a bundled model learned from, for `stories.outside`; a pair's are not known."""
    made = hub.read_manifest(hub.zoo_dir()).get(model, {}) if isinstance(model, str) else {}
    settings = made.get("settings", {})
    return {"longest": max(settings["operations"]), "kinds": settings["kinds"]} if "kinds" in settings else {}


@cache
def load(name: str):
    """(model, tokenizer) of a bundled model, loaded once."""
    return hub.load_lm(name, "cpu")


def attempts(
    model,
    questions: Sequence[str],
    *,
    think: bool = True,
    budget: int | None = None,
    temperature: float = 0.0,
    samples: int = 1,
    generator: torch.Generator | None = None,
    max_new_tokens: int | None = None,
    begun: Sequence[Sequence[int]] | None = None,
) -> list[list[Attempt]]:
    """For each question, `samples` texts that the model writes. temperature 0 is greedy; the rest as in `ask`.

    begun: ids for each question that its reply begins with, whatever the model would have written; it goes on from
    there, they are part of the Attempt, and max_new_tokens counts what follows them. model may also be a chat model
    of a hub, one whose tokenizer has a chat template.
    """
    if not all(question.strip() for question in questions):
        raise CourseError("问题是空的：请写一道应用题。", "The question is empty: write a story.")
    model, tokenizer = load(model) if isinstance(model, str) else model
    chats = bool(tokenizer.chat_template)
    texts = [chat_replies.prompt(tokenizer, question, think) for question in questions] if chats else list(questions)
    opened = chats and think and all(map(chat_replies.opens, texts))
    begun = [[]] * len(texts) if begun is None else [list(ids) for ids in begun]
    asked = tokenizer(texts, add_special_tokens=not chats)["input_ids"]
    prompts = [prompt + ids for prompt, ids in zip(asked, begun, strict=True)]
    if max_new_tokens is None:
        long = chat_replies.THINKING_TOKENS if think else chat_replies.ANSWER_TOKENS
        max_new_tokens = long if chats else MAX_NEW_TOKENS
    longest = max(map(len, prompts), default=0)
    if longest + max_new_tokens > model.config.max_position_embeddings:
        room = model.config.max_position_embeddings - max_new_tokens
        raise CourseError(
            f"问题太长：有 {longest} 个 token，最多 {room} 个，请写短一些。",
            f"The question is too long: {longest} tokens, at most {room} fit. Shorten it.",
        )
    how = {
        "max_new_tokens": max_new_tokens,
        "temperature": temperature,
        "samples": samples,
        "generator": generator,
        "rule": None if chats and not think else thinking_rule(tokenizer, think, budget, opened),
    }
    if chats:
        written = chat_replies.write(model, tokenizer, prompts, **how)
    else:
        size = max(1, ROWS // samples)
        batches = [prompts[at : at + size] for at in range(0, len(prompts), size)]
        written = [ids for batch in batches for ids in rollout(model, batch, **how)]
    every = [_attempt(tokenizer, begun[i // samples] + ids, opened) for i, ids in enumerate(written)]
    return [every[at : at + samples] for at in range(0, len(every), samples)]


def _attempt(tokenizer, ids: list[int], opened: bool = False) -> Attempt:
    text = tokenizer.decode(ids[:-1] if ids[-1:] == [tokenizer.eos_token_id] else ids)
    if tokenizer.chat_template:
        return Attempt(ids, text, *chat_replies.split(text, opened))
    return Attempt(ids, text, *stories.split_reply(text))


def every_budget(model, questions: Sequence[str]) -> list[list[Attempt]]:
    """For each question the greedy attempts with a budget of 0, 1, 2 … thinking tokens; the last is the uncut one
    (where the model does not think, there is no other). `ask(budget=…)` gives the same, one budget at a time, but lets
    the model go on for longer than ANSWER tokens after the cut.
    """
    model, tokenizer = load(model) if isinstance(model, str) else model
    opening, closing = tokenizer.convert_tokens_to_ids([OPEN, CLOSE])
    found = []
    for question, [uncut] in zip(questions, attempts((model, tokenizer), questions), strict=True):
        prompt, count = tokenizer(question)["input_ids"], thinking_tokens(uncut, opening, closing)
        cut = [[*uncut.ids[: 1 + budget], closing] for budget in range(count)]
        ends = answers_of_cuts(model, prompt, uncut.ids[: 1 + count], closing) if count else []
        found.append([*(_attempt(tokenizer, ids + end) for ids, end in zip(cut, ends, strict=True)), uncut])
    return found


@torch.inference_mode()
def answers_of_cuts(model, prompt: Sequence[int], thinking: Sequence[int], closing: int) -> list[list[int]]:
    """What a Llama writes (greedily, ids, its end included) after `prompt`, the first 1, 2 … tokens of `thinking`, and
    `closing`. All cuts share one pass over the thinking: a row is let see only its part of the cache.
    """
    count, given = len(thinking) - 1, len(prompt) + len(thinking)
    decoder = Decoder(model, 1, given + 1 + ANSWER)
    ids = torch.tensor([[*prompt, *thinking]], device=model.device)
    decoder(ids, torch.ones_like(ids, dtype=torch.bool))
    decoder.keep(torch.zeros(count, dtype=torch.long, device=model.device))
    columns = torch.arange(decoder.visible.shape[1], device=model.device)
    decoder.visible &= columns < len(prompt) + 1 + torch.arange(count, device=model.device)[:, None]
    end = model.config.eos_token_id
    token, written = torch.full((count,), closing, device=model.device), []
    while len(written) < ANSWER and not (written and (torch.stack(written) == end).any(0).all()):
        token = decoder(token[:, None], torch.ones(count, 1, dtype=torch.bool, device=model.device)).argmax(-1)
        written.append(token)
    rows = torch.stack(written, 1).tolist()
    return [row[: row.index(end) + 1] if end in row else row for row in rows]


def thinking_tokens(attempt: Attempt, opening: int, closing: int) -> int:
    """How many tokens stand between the ids of <think> and </think>; up to the end if it was never closed."""
    if attempt.ids[:1] != [opening]:
        return 0
    return (attempt.ids.index(closing) if closing in attempt.ids else len(attempt.ids)) - 1


def thinking_rule(tokenizer, think: bool = True, budget: int | None = None, opened: bool = False) -> Rule | None:
    """What `think` and `budget` do to the logits: forbid <think>, or write </think> once the budget is spent. opened:
    the prompt has <think> already."""
    if budget is not None and (isinstance(budget, bool) or not isinstance(budget, int) or budget < 0):
        raise CourseError(
            f"budget 是最多思考多少个 token，要是 0、1、2……这样的整数，现在是 {budget!r}。",
            f"budget is the most thinking tokens allowed, a whole number from 0, but it is {budget!r}.",
        )
    opening, closing = tokenizer.convert_tokens_to_ids([OPEN, CLOSE])
    if think and budget is None:
        return None

    def rule(logits: Tensor, written: Tensor) -> Tensor:
        if not think:
            return logits.index_fill(-1, torch.tensor([opening], device=logits.device), -math.inf)
        if written.shape[1] != budget + (not opened):
            return logits
        cut = ~(written == closing).any(-1)
        if not opened:
            cut &= written[:, 0] == opening
        forced = torch.full_like(logits, -math.inf)
        forced[:, closing] = 0
        return torch.where(cut[:, None], forced, logits)

    return rule


# ---- measuring -----------------------------------------------------------------------------------------------------


def exact(story: stories.Story, attempt: Attempt, per_line: int = 1) -> bool:
    """Whether every written step is right, not the answer alone (a wrong chain may end on a right number)."""
    return attempt.text == stories.completion(story, per_line)


def first_fault(story: stories.Story, thinking: str) -> int | None:
    """The first line (from 0) of the thinking that is not the story's; a missing or a superfluous one counts; None if
    all are right."""
    right, there = stories.lines(story.start, story.ops), thinking.split("，") if thinking else []
    wrong = (i for i in range(max(len(right), len(there))) if right[i : i + 1] != there[i : i + 1])
    return next(wrong, None)


def majority(answers: Iterable[int | None]) -> int | None:
    """The answer given most often (self-consistency, Wang et al. 2023): of equals the earlier; None if none."""
    votes = Counter(answer for answer in answers if answer is not None)
    return votes.most_common(1)[0][0] if votes else None


def pass_at_k(n: int, right: int, k: int) -> float:
    """The chance that one of k samples is right, without bias from `right` of n: 1 − C(n−right,k)/C(n,k) (Chen et al.
    2021)."""
    if not 0 <= right <= n or not 1 <= k <= n:
        raise CourseError(
            f"要 0 ≤ right ≤ n 且 1 ≤ k ≤ n，现在 n={n}，right={right}，k={k}。",
            f"0 ≤ right ≤ n and 1 ≤ k ≤ n are needed, but n={n}, right={right}, k={k}.",
        )
    return 1 - math.comb(n - right, k) / math.comb(n, k)
