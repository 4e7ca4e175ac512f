"""The models that solve arithmetic stories: with steps, without, and the two that reinforcement learning starts from.

All are small Llamas with the same tokenizer and differ in what they are shown after a story, drawn afresh at each step.
"""

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from aigc_course import stories, train
from aigc_course.progress import home
from aigc_course.reasoning import CLOSE, OPEN, attempts
from aigc_course.stories import Story
from aigc_course.train import manifest
from aigc_course.train.bpe import train_tokenizer
from aigc_course.train.muon import Muon

CONTEXT = 512  # tokens; the longest story with its steps has fewer than 200
PER_LENGTH = 128  # test stories of each number of operations, half of them Chinese
# a training story with one of these numbers of operations, and what is to be written after it
Target = Callable[[random.Random, Sequence[int]], tuple[Story, str]]
Row = tuple[list[int], list[int]]  # the ids of a prompt, and of what is to be written after it
EVERY = range(1, stories.LONGEST + 1)


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


def build_model(tokenizer, seed: int, width: int, layers: int) -> LlamaForCausalLM:
    """A Llama with four heads, freshly drawn from `seed`."""
    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=width,
            intermediate_size=2 * width,
            num_hidden_layers=layers,
            num_attention_heads=4,
            num_key_value_heads=4,
            max_position_embeddings=CONTEXT,
            tie_word_embeddings=True,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


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


def bare_sums(tokenizer, rng: random.Random, count: int, kinds: str, forget: float) -> list[Row]:
    """Sums without a story: 37+48= → 85，. They are what takes long to learn, and here cost half the tokens that they
    cost in a story. forget: as in `forgetful_target`."""
    asked, results = [], []
    while len(asked) < count:
        value = rng.randint(1, stories.LARGEST)
        choices = stories.operands(value, kinds)
        op = rng.choice(list(choices))
        n = rng.choice(choices[op])
        [step], _ = forgetful(rng, Story("", "", value, ((op, n),)), forget)
        question, result = step.split("=")
        asked.append(f"{question}=")
        results.append(f"{result}，")
    if not asked:
        return []
    prompts, written = tokenizer(asked)["input_ids"], tokenizer(results, add_special_tokens=False)["input_ids"]
    return list(zip(prompts, written, strict=True))


# ---- the recipes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Recipe:
    """How one model is made; `aigc train NAME` asks it in this order: settings, build, losses, save, measure, card."""

    name: str
    target: Target
    steps: int
    about: str
    learning_rate: float = 3e-3
    batch: int = 32  # stories per step
    sums: int = 96  # bare sums at the first step, none at the last
    pace: int = 18  # how fast the stories grow longer: all lengths are drawn after 6 / pace of the training
    width: int = 128
    layers: int = 3  # with two, the model now and then takes two operations in the wrong order
    per_line: int = 1  # of the written steps, for the exact measure
    parent: str | None = None  # the model, of the same seed, that training starts from
    operations: Sequence[int] = EVERY
    kinds: str = "+-×÷"
    forget: float = 0.0  # how often carry and borrow are forgotten
    BARS: dict[str, float] = field(default_factory=dict)
    TOLERANCE: dict[str, float] = field(default_factory=lambda: {"accuracy": 0.02})
    SEEDS: tuple[int, ...] = (1, 2, 3)

    def settings(self, seed: int) -> dict:
        """What a training depends on."""
        kept = (
            "steps",
            "learning_rate",
            "batch",
            "sums",
            "pace",
            "width",
            "layers",
            "per_line",
            "parent",
            "kinds",
            "forget",
        )
        return {
            "seed": seed,
            **{key: getattr(self, key) for key in kept if getattr(self, key) is not None},
            "operations": list(self.operations),
        }

    def optimizer(self, model) -> torch.optim.Optimizer | None:
        """Muon from nothing; the loop's gentler AdamW (None) where something learned is to be kept."""
        return None if self.parent else Muon(model, self.learning_rate)

    def sums_at(self, step: int) -> int:
        """How many bare sums stand beside the stories at this step."""
        return round(self.sums * (1 - step / self.steps))

    def lengths(self, step: int) -> list[int]:
        """The numbers of operations drawn at this step: short stories first."""
        longest = len(self.operations) if self.parent else 2 + self.pace * step // self.steps
        return list(self.operations[:longest])

    def build(self, seed: int):
        """(model, tokenizer) to start from."""
        tokenizer = build_tokenizer()
        if self.parent:
            return trained(self.parent, seed), tokenizer
        return build_model(tokenizer, seed, self.width, self.layers), tokenizer

    def losses(self, model, tokenizer, seed: int) -> Callable[[int], Iterator[torch.Tensor]]:
        """step → the terms of its loss."""
        return lambda step: loss_parts(model, examples(self, tokenizer, seed, step))

    def save(self, model, tokenizer, folder: Path) -> Path:
        """Write model (float16) and tokenizer in Hugging Face format."""
        copy.deepcopy(model).half().save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return folder

    def measure(self, folder: Path, seed: int) -> dict[str, float]:
        """`evaluate` on what was saved, as a learner loads it."""
        return evaluate(load(folder), test_stories(self.operations, self.kinds), self.per_line)

    def card(self, results: dict[int, dict]) -> str:
        """The model's README."""
        seeds = "\n".join(
            f"| {seed} | {r['accuracy']:.3f} | {r['exact']:.3f} | {r['tokens']:.1f} |" for seed, r in results.items()
        )
        asked = len(test_stories(self.operations, self.kinds))
        lengths = f"{min(self.operations)} to {max(self.operations)}"
        return f"""---
license: apache-2.0
library_name: transformers
pipeline_tag: text-generation
language: [zh, en]
---
# {self.name}

{self.about}

A Llama-type model of {self.layers} layers for the AIGC Course. Its only data are the arithmetic stories of
`aigc_course/stories.py`, drawn afresh while it trains; stories whose hash falls to the test are never trained on.
Made by `aigc train {self.name} --publish`. It knows nothing else: ask it no other questions.

Greedy, on {asked} unseen stories of {lengths} operations:

| seed | right answers | every step right | tokens written |
|---|---|---|---|
{seeds}
"""


def examples(recipe: Recipe, tokenizer, seed: int, step: int) -> list[Row]:
    """The rows of one step: they depend on recipe, seed and step only, so training can be resumed."""
    rng = random.Random(f"{recipe.name} {seed} {step}")
    told = encode(tokenizer, [recipe.target(rng, recipe.lengths(step)) for _ in range(recipe.batch)])
    return told + bare_sums(tokenizer, rng, recipe.sums_at(step), recipe.kinds, recipe.forget)


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
    """The mean loss (nats per written token), as a sum of terms in which short rows stand with short ones."""
    total = sum(len(w) for _, w in rows)
    for part in of_like_length(rows):
        ids, targets = padded(part)
        asked = targets != -100
        logits = model.lm_head(model.model(ids, use_cache=False).last_hidden_state[asked])
        yield torch.nn.functional.cross_entropy(logits, targets[asked], reduction="sum") / total


def of_like_length(rows: Sequence[Row], tokens: int = 1500) -> Iterator[list[Row]]:
    """The rows from short to long, in parts that fill up to no more than `tokens` together."""
    part: list[Row] = []
    for row in sorted(rows, key=lambda row: len(row[0]) + len(row[1])):
        if part and (len(part) + 1) * (len(row[0]) + len(row[1])) > tokens:
            yield part
            part = []
        part.append(row)
    yield part


def load(folder: Path):
    """(model, tokenizer) from a folder, as a learner loads it."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    return model.eval(), AutoTokenizer.from_pretrained(folder)


def trained(name: str, seed: int):
    """The model `name` of this seed: the bundled one if it is of this seed, else trained now if it is not yet."""
    if manifest.read(manifest.ZOO).get(name, {}).get("seed") == seed:
        return load(manifest.ZOO / name)[0]
    train.run(name, seed)
    return load(home() / "train" / f"{name}-{seed}" / "model")[0]


# ---- measuring -----------------------------------------------------------------------------------------------------


@cache
def test_stories(operations: Sequence[int] = EVERY, kinds: str = "+-×÷", per_length: int = PER_LENGTH) -> list[Story]:
    """Stories that no model trained on, the same for every model, as many of each length and language."""
    rng = random.Random("test")
    return [
        stories.draw(rng, True, operations=k, lang=lang, kinds=kinds)
        for k in operations
        for lang in stories.LANGS
        for _ in range(per_length // 2)
    ]


def evaluate(model_and_tokenizer, asked: Sequence[Story], per_line: int = 1, **how) -> dict[str, float]:
    """Greedy accuracy, over all and by language and number of operations. exact: every step right, too; tokens: written
    per story, the end included; n: stories. how: as in `reasoning.attempts`."""
    tried = [group[0] for group in attempts(model_and_tokenizer, [story.text for story in asked], **how)]
    right = [a.answer == story.answer for story, a in zip(asked, tried, strict=True)]
    exact = [a.text == stories.completion(story, per_line) for story, a in zip(asked, tried, strict=True)]

    def share(flags: Sequence[bool], chosen: Callable[[Story], bool] = lambda story: True) -> float:
        kept = [flag for flag, story in zip(flags, asked, strict=True) if chosen(story)]
        return sum(kept) / len(kept)

    lengths = sorted({len(story.ops) for story in asked})
    return {
        "accuracy": share(right),
        "error": 1 - share(right),
        "exact": share(exact),
        "tokens": sum(len(a.ids) for a in tried) / len(tried),
        **{f"accuracy_{lang}": share(right, lambda s, lang=lang: s.lang == lang) for lang in stories.LANGS},
        **{f"accuracy_{k}": share(right, lambda s, k=k: len(s.ops) == k) for k in lengths},
        "n": len(asked),
    }


FORGET = 0.8
RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "reasoner", steps_target(1), 1000, "Thinks one operation at a time, then answers.", BARS={"error": 0.01}
        ),
        Recipe("two_per_line", steps_target(2), 1800, "Thinks two operations at a time, then answers.", per_line=2),
        Recipe("three_per_line", steps_target(3), 1800, "Thinks three operations at a time, then answers.", per_line=3),
        Recipe(
            "direct",
            steps_target(0),
            1200,
            "Answers at once, without a step.",
            per_line=0,
            batch=96,
            sums=32,
            pace=9,
            BARS={"accuracy": 0.6},
        ),
        Recipe(
            "r1_zero_base",
            habits_target,
            120,
            "Can think and can answer at once, and prefers the latter.",
            learning_rate=5e-4,
            sums=0,
            parent="reasoner",
        ),
        Recipe(
            "carry_base",
            forgetful_target(FORGET),
            700,
            "Sums like its teacher, who mostly forgot to carry.",
            operations=(1, 2, 3, 4),
            kinds="+-",
            forget=FORGET,
        ),
    )
}
