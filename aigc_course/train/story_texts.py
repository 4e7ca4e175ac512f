"""What the story models are shown: their tokenizer, the texts to learn from, and the loss on them."""

import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerFast

from aigc_course import stories
from aigc_course.reasoning import CLOSE, OPEN
from aigc_course.rollouts import of_like_length
from aigc_course.stories import Story
from aigc_course.train.bpe import train_tokenizer
from aigc_course.train.llama import loss_terms

CONTEXT = 512  # tokens; the longest story with its steps has fewer than 200
# a training story with one of these numbers of operations, and what is to be written after it
Target = Callable[[random.Random, Sequence[int]], tuple[Story, str]]
Row = tuple[list[int], list[int]]  # the ids of a prompt, and of what is to be written after it


@cache
def build_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE that keeps the stories' words whole and writes each digit as one token.

    An English word carries the space in front of it, and the one behind it where a number follows. <think> and </think>
    are ordinary added tokens: special ones would vanish from decoded text.
    """
    rng = random.Random(0)
    drawn = [stories.sample(rng) for _ in range(20_000)]
    texts = [s.text + "".join(stories.lines(s.start, s.ops, 2)) for s in drawn]
    split = r" ?[A-Za-z]+(?: (?=[0-9]))?|[0-9]|[-+×÷=()，。？,.?]"
    return train_tokenizer(stories.words("zh"), split, texts, vocab_size=4096, context=CONTEXT, tags=(OPEN, CLOSE))


# ---- what is learned -----------------------------------------------------------------------------------------------


def steps_target(per_line: int) -> Target:
    """Right steps, `per_line` operations on each line; 0: the answer alone."""

    def target(rng: random.Random, operations: Sequence[int]) -> tuple[Story, str]:
        story = stories.draw(rng, False, operations=operations)
        return story, stories.completion(story, per_line)

    return target


def habits_target(rng: random.Random, operations: Sequence[int]) -> tuple[Story, str]:
    """Two habits: empty thinking, seven times in ten, and full thinking."""
    story = stories.draw(rng, False, operations=operations)
    return story, stories.written([], story.answer) if rng.random() < 0.7 else stories.completion(story)


def forgetful_target(forget: float) -> Target:
    """Sums of a teacher who forgets carry or borrow with probability `forget` and goes on from the wrong value."""

    def target(rng: random.Random, operations: Sequence[int]) -> tuple[Story, str]:
        story = stories.draw(rng, False, operations=operations, kinds="+-")
        return story, stories.written(*forgetful(rng, story, forget))

    return target


def forgetful(rng: random.Random, story: Story, forget: float) -> tuple[list[str], int]:
    """(steps, answer) of the forgetful teacher. Where the wrong values would leave 1…99 he stays right, so that his
    numbers look like everybody's."""
    steps, value = [], story.start
    for op, n in story.ops:
        right = stories.apply(op, value, n)
        result = without_carry(op, value, n) if op in "+-" and rng.random() < forget else right
        if not 1 <= result <= stories.LARGEST:
            result = right
        steps.append(f"{value}{op}{n}={result}")
        value = result
    inside = 1 <= value <= stories.LARGEST
    return (steps, value) if inside else forgetful(rng, story, forget)


def without_carry(op: str, a: int, b: int) -> int:
    """a + b or a − b digit by digit, with nothing carried or borrowed: 37 + 48 → 75, 42 − 17 → 35."""
    sign = 1 if op == "+" else -1
    tens, ones = a // 10 + sign * (b // 10), (a % 10 + sign * (b % 10)) % 10
    return 10 * tens + ones


def carries(story: Story) -> int:
    """How many steps of the story carry or borrow."""
    steps = zip(story.values, story.ops, strict=False)
    return sum(op in "+-" and without_carry(op, value, n) != stories.apply(op, value, n) for value, (op, n) in steps)


def bare_sums(
    tokenizer,
    rng: random.Random,
    count: int,
    kinds: str,
    forget: float,
    lengths: Sequence[int] = (1,),
    last: bool = False,
) -> list[Row]:
    """Sums without a story: 37+48= → 85，. They are what takes long to learn, and here cost half the tokens that they
    cost in a story. forget: as in `forgetful_target`, for sums of one operation; lengths: the numbers of operations to
    choose from; last: the result ends the text, as in `direct`."""
    asked, results = [], []
    for _ in range(count):
        value = start = rng.randint(1, stories.LARGEST)
        ops = []
        for _ in range(rng.choice(lengths)):
            choices = stories.operands(value, kinds)
            op = rng.choice(list(choices))
            n = rng.choice(choices[op])
            ops.append((op, n))
            value = stories.apply(op, value, n)
        right = stories.lines(start, ops, len(ops))
        [line] = forgetful(rng, Story("", "", start, tuple(ops)), forget)[0] if forget else right
        question, result = line.split("=")
        asked.append(f"{question}=")
        results.append(result if last else f"{result}，")
    if not asked:
        return []
    prompts, written = tokenizer(asked)["input_ids"], tokenizer(results, add_special_tokens=False)["input_ids"]
    end = [tokenizer.eos_token_id] if last else []
    return [(p, w + end) for p, w in zip(prompts, written, strict=True)]


# ---- rows of ids -----------------------------------------------------------------------------------------------------


def encode(tokenizer, pairs: Sequence[tuple[Story, str]]) -> list[Row]:
    """Stories and what is to be written after them, as ids: <s> in front, </s> at the end."""
    prompts = tokenizer([story.text for story, _ in pairs])["input_ids"]
    written = tokenizer([text for _, text in pairs], add_special_tokens=False)["input_ids"]
    return [(p, [*w, tokenizer.eos_token_id]) for p, w in zip(prompts, written, strict=True)]


def padded(rows: Sequence[Row]) -> tuple[torch.Tensor, torch.Tensor]:
    """(ids, targets) of rows (prompt, completion), both (row, position), filled up on the right; targets are -100 where
    nothing is to be learned. Fill on the right needs no attention mask: no real token looks to its right."""
    ids = pad_sequence([torch.tensor(p + w) for p, w in rows], batch_first=True)
    targets = pad_sequence([torch.tensor([-100] * len(p) + w) for p, w in rows], batch_first=True, padding_value=-100)
    return ids[:, :-1], targets[:, 1:]


def loss_parts(model, rows: Sequence[Row]) -> Iterator[torch.Tensor]:
    """`loss_terms` of rows (prompt, completion)."""
    return loss_terms(model, [(p + w, [-100] * len(p) + w) for p, w in rows])


def parts(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows in parts of like length."""
    for part in of_like_length([len(prompt) + len(written) for prompt, written in rows]):
        yield [rows[i] for i in part]
