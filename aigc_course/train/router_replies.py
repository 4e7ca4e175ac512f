"""What the bundled models reply to stories of 1 to 8 operations: `python -m aigc_course.train.router_replies` writes
datasets/router_replies.csv, which the lesson `tool_choice` routes by. About two minutes on one core.
"""

import csv
import io
import random
from collections.abc import Sequence

from aigc_course import course, stories, tool_choice, tool_use
from aigc_course.candidates import judge, prompt_tokens, sureness
from aigc_course.files import write_whole
from aigc_course.reasoning import attempts, load
from aigc_course.stories import Story

FEW, MANY = 86, 600  # stories of each longer length, and of one operation: enough for any mix of 600


def asked() -> dict[str, list[Story]]:
    """Stories that no model trained on, half of them Chinese; none stands twice, or in both sets."""
    rng = random.Random("router")
    found: dict[str, Story] = {}
    sets: dict[str, list[Story]] = {"validation": [], "test": []}
    for told in sets.values():
        for k in range(1, stories.LONGEST + 1):
            for i in range(MANY if k == 1 else FEW):
                while (story := stories.draw(rng, True, operations=k, lang=stories.LANGS[i % 2])).text in found:
                    pass
                found[story.text] = story
                told.append(story)
    return sets


def rows(model: str, told: Sequence[Story]) -> list[tuple]:
    """(right, tokens read, tokens written, sure) of a model's reply to each story."""
    return tool_user_rows(told) if model == "tool_user" else reasoning_rows(model, told)


def reasoning_rows(name: str, told: Sequence[Story]) -> list[tuple]:
    model, tokenizer = load(name)
    texts = [story.text for story in told]
    tried = [group[0] for group in attempts((model, tokenizer), texts)]
    prompts = tokenizer(texts)["input_ids"]
    sure = sureness(model, prompts, [attempt.ids for attempt in tried])
    return [
        (int(attempt.answer == story.answer), len(prompt), len(attempt.ids), f"{chance:.4f}")
        for story, attempt, prompt, chance in zip(told, tried, prompts, sure, strict=True)
    ]


def tool_user_rows(told: Sequence[Story]) -> list[tuple]:
    """Its sureness is that of the first turn, the call: what follows is copied."""
    model, tokenizer = tool_use.load("tool_user")
    replies = tool_use.answers([story.text for story in told], model=(model, tokenizer))
    chats = [[{"role": "user", "content": story.text}] for story in told]
    first = [
        f"{tool_use.OPEN}{reply.steps[0].written}{tool_use.CLOSE}" if reply.steps else reply.text for reply in replies
    ]
    written = [[*ids, tokenizer.eos_token_id] for ids in tokenizer(first, add_special_tokens=False)["input_ids"]]
    sure = sureness(model, tool_use.prompts(tokenizer, chats, tool_use.TOOLS), written)
    return [
        (
            int(judge(str(story.answer), reply.text)),
            prompt_tokens(tokenizer, story.text, reply),
            reply.tokens,
            f"{chance:.4f}",
        )
        for story, reply, chance in zip(told, replies, sure, strict=True)
    ]


def main() -> None:
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(tool_choice.COLUMNS)
    for which, told in asked().items():
        columns = [rows(model, told) for model in tool_choice.MODELS]
        for story, *replies in zip(told, *columns, strict=True):
            table.writerow([which, len(story.ops), story.lang, *(value for reply in replies for value in reply)])
    write_whole(course.root() / "datasets" / "router_replies.csv", out.getvalue())


if __name__ == "__main__":
    main()
