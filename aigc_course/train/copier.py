"""The copier: a Llama of two layers that learned one thing, to say again what stands earlier in the text.

It is trained on random tokens that are repeated, so that nothing helps but to look back, and it grows the pair of heads
of Olsson et al. 2022 (arXiv:2209.11895). `python -m aigc_course.train.copier` trains each seed once more, watches the
heads form, and writes datasets/copier_curve.csv.
"""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaForCausalLM, PreTrainedTokenizerFast

from aigc_course import course, hub
from aigc_course.attention import forward
from aigc_course.files import write_whole
from aigc_course.heads import head_means, induction_score, previous_token_score, repeated_random
from aigc_course.train.llama import special_ids, untrained
from aigc_course.train.lm import CONTEXT, padded, save
from aigc_course.train.lm_card import head, table
from aigc_course.train.loop import fit

__all__ = ["build", "card", "losses", "measure", "save", "settings"]
SEEDS = (1, 2, 3)  # the first is bundled
STEPS, TEXTS, LEARNING_RATE = 1200, 32, 3e-3
BEFORE, LENGTHS = 8, (4, 24)  # tokens before the repeated part: at most; its length: from, to
WIDTH, LAYERS, HEADS = 64, 2, 4
EXAM, EXAM_LENGTH, LONG = 200, 20, 60  # texts; the length of their repeated part, and of a part that is never trained
BARS = {"error": 0.05}
TOLERANCE = {"error": 0.04, "induction": 0.15}
EVERY, PROBES = 10, 32  # the curve: steps from point to point, texts at each
# loss: of the step's texts, nats per token of the repetition; accuracy and the two scores: on the same texts throughout
FIELDS = ("seed", "step", "loss", "accuracy", "previous", "induction")


def settings(seed: int) -> dict:
    """What a training depends on; a checkpoint made with other settings is not continued."""
    return {
        "seed": seed,
        "steps": STEPS,
        "learning_rate": LEARNING_RATE,
        "texts": TEXTS,
        "before": BEFORE,
        "lengths": list(LENGTHS),
        "shape": [WIDTH, LAYERS, HEADS],
    }


def build(seed: int) -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """The untrained model, and the tokenizer of `lm`."""
    tokenizer = AutoTokenizer.from_pretrained(hub.find("lm"), local_files_only=True)
    special = special_ids(tokenizer)
    shape = {"width": WIDTH, "layers": LAYERS, "heads": HEADS, "context": CONTEXT}
    return untrained(seed, len(tokenizer), special, **shape, spread=0.05), tokenizer


def vocabulary(tokenizer) -> list[int]:
    """The ids that texts are made of: all but the special ones."""
    return sorted(set(range(len(tokenizer))) - set(tokenizer.all_special_ids))


def draw(tokenizer, texts: int, generator: torch.Generator) -> list[tuple[list[int], int]]:
    """(ids, from where they can be known), `texts` times: begin, some random tokens, a random part, the part again."""
    pool, begin = torch.tensor(vocabulary(tokenizer)), tokenizer.bos_token_id
    drawn = []
    for _ in range(texts):
        before = int(torch.randint(BEFORE + 1, (), generator=generator))
        length = int(torch.randint(LENGTHS[0], LENGTHS[1] + 1, (), generator=generator))
        ids = pool[torch.randint(len(pool), (before + length,), generator=generator)].tolist()
        drawn.append(([begin, *ids, *ids[before:]], 2 + before + length))  # the first one repeated comes as a surprise
    return drawn


def losses(model, tokenizer, seed: int) -> Callable[[int], Iterator[Tensor]]:
    """step → the loss of its texts: nats per token, over what can be known from the text itself."""

    def losses(step: int) -> Iterator[Tensor]:
        rows = draw(tokenizer, TEXTS, torch.Generator().manual_seed(seed * STEPS + step))
        ids = padded([ids for ids, _ in rows])  # fill on the right needs no mask: no real token looks there
        known = torch.arange(ids.shape[1]) >= torch.tensor([[start] for _, start in rows])
        asked = (known & (ids >= 0))[:, 1:]
        hidden = model.model(ids[:, :-1].clamp(min=0), use_cache=False).last_hidden_state
        yield torch.nn.functional.cross_entropy(model.lm_head(hidden[asked]), ids[:, 1:][asked])

    return losses


def second_half(logits: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
    """(right, loss), each (texts, length - 1), over the repetition of `repeated_random` texts but for its first token:
    whether the likeliest token is right, and the loss in nats."""
    start = (ids.shape[1] + 1) // 2
    logits, aim = logits[:, start:-1].float(), ids[:, start + 1 :]
    return logits.argmax(-1) == aim, torch.nn.functional.cross_entropy(logits.mT, aim, reduction="none")


def measure(folder: Path, seed: int) -> dict[str, float]:
    """The saved model on texts drawn for the exam: its error in the repetition, its two best heads and their worth.

    cost_…: nats per token more when heads are replaced by their means: the best previous-token head, the best
    induction head, all heads of the layer with the best induction head.
    """
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer, weights, config = AutoTokenizer.from_pretrained(folder), model.state_dict(), model.config
    examiner = torch.Generator().manual_seed(2**40 + seed)
    ids, long = (
        repeated_random(vocabulary(tokenizer), length, EXAM, examiner, tokenizer.bos_token_id)
        for length in (EXAM_LENGTH, LONG)
    )
    read = forward(weights, config, ids, keep=True)
    right, lost = second_half(read.logits, ids)
    previous, induction = previous_token_score(read.attention), induction_score(read.attention, EXAM_LENGTH)
    means = head_means(weights, config, ids)
    looks_back, copies = (divmod(int(score.argmax()), config.num_attention_heads) for score in (previous, induction))
    layer = [(copies[0], head) for head in range(config.num_attention_heads)]

    def cost(*heads) -> float:
        logits = forward(weights, config, ids, ablate={head: means[head] for head in heads}).logits
        return float((second_half(logits, ids)[1] - lost).mean())

    return {
        "error": 1 - float(right.float().mean()),
        "error_long": 1 - float(second_half(forward(weights, config, long).logits, long)[0].float().mean()),
        "previous": float(previous.max()),
        "induction": float(induction.max()),
        "cost_previous": cost(looks_back),
        "cost_induction": cost(copies),
        "cost_layer": cost(*layer),
        "n": right.numel(),
    }


ROWS = (  # measure, zh, en, format
    ("error", "重复部分猜错的比例", "error in the repetition", ".2%"),
    (
        "error_long",
        f"同上，重复的一段长 {LONG} 个 token，训练时没有",
        f"the same, {LONG} tokens long: never trained",
        ".1%",
    ),
    ("previous", "最像“看前一个”的头，注意力", "best previous-token head, its attention", ".2f"),
    ("induction", "最像“归纳头”的头，注意力", "best induction head, its attention", ".2f"),
    ("cost_previous", "去掉前者，损失增加（nats）", "without the former the loss rises by (nats)", ".2f"),
    ("cost_induction", "去掉后者，损失增加（nats）", "without the latter the loss rises by (nats)", ".2f"),
    ("cost_layer", "去掉后者那一层的所有头，损失增加（nats）", "without all heads of its layer (nats)", ".2f"),
    ("n", "考了多少个 token", "tokens in the exam", "d"),
    ("cpu_seconds", "训练所用的 CPU 时间，秒", "CPU time of the training, seconds", ".0f"),
)


def card(results: dict[int, dict]) -> str:
    """The text of the model card. results: seed → measures, the published seed first."""
    model, tokenizer = build(next(iter(results)))
    return f"""{head("copier")}

## 中文

它只会一件事：把前面出现过的话接着说下去。Llama 结构，{LAYERS} 层，每层 {HEADS} 个头，
{model.num_parameters():,} 个参数，分词器和 `lm` 的一样（{len(tokenizer)} 个 token）。训练用的全是随机的 token：
开头最多 {BEFORE} 个，接着 {LENGTHS[0]} 到 {LENGTHS[1]} 个，再把这一段重复一遍。没有语法可学，要猜对只能
回头去看。于是它长出两种头：一种多半看前一个 token，一种找“上次这个 token 后面是什么”，也就是归纳头
（arXiv:2209.11895）。课程的 `attention` 一课把它们拆开来看。

- 命令：`aigc train copier --publish`，{STEPS} 步，每步 {TEXTS} 段；附带的是种子 {next(iter(results))}，下表列出全部。
- 评测：新抽的随机文本，重复的一段长 {EXAM_LENGTH} 个 token，只考重复的部分（它的第一个 token 没法猜，不算）。
  “去掉”一个头，是把它的输出换成平均值。

{table(ROWS, results, "zh")}

局限：它不会说话，不重复的文字它只会乱接。文字比训练时的长，它就不会了：不管是重复的一段长，还是前面另有许多 token。

## English

It can do one thing: go on with what stands earlier in the text. Llama architecture, {LAYERS} layers of {HEADS}
heads, {model.num_parameters():,} weights, the tokenizer of `lm` ({len(tokenizer)} tokens). It was trained on random
tokens: up to {BEFORE} at the beginning, then {LENGTHS[0]} to {LENGTHS[1]}, then these again. There is no grammar to
learn; whoever wants to be right must look back. So it grew two kinds of heads: one that mostly looks at the token just
before, and some that look for what followed this token last time, induction heads (arXiv:2209.11895). The course's
lesson `attention` takes them apart.

- Command: `aigc train copier --publish`, {STEPS} steps of {TEXTS} texts. The bundled one is seed
  {next(iter(results))}; the table has every one.
- Measured on random texts drawn afresh, their repeated part {EXAM_LENGTH} tokens long, in the repetition only (without
  its first token, which nobody can guess). A head is taken away by putting its mean output in its place.

{table(ROWS, results, "en")}

Limits: it cannot speak; where nothing is repeated it goes on at random. It fails on texts longer than those of its
training, whether the repeated part is longer or much else stands in front of it.
"""


def curve(seed: int, folder: Path) -> list[tuple]:
    """Train `seed` and watch it: the rows of FIELDS, one for every few steps."""
    model, tokenizer = build(seed)
    probes = torch.Generator().manual_seed(2**41)
    ids = repeated_random(vocabulary(tokenizer), EXAM_LENGTH, PROBES, probes, tokenizer.bos_token_id)
    train, points = losses(model, tokenizer, seed), []

    def watched(step: int) -> Iterator[Tensor]:
        terms = list(train(step))
        if step % EVERY == 0:
            read = forward(model.state_dict(), model.config, ids, keep=True)
            found = previous_token_score(read.attention), induction_score(read.attention, EXAM_LENGTH)
            right = second_half(read.logits, ids)[0].float().mean()
            measures = sum(terms).detach(), right, *(score.max() for score in found)
            points.append((seed, step, *(f"{float(value):.4f}" for value in measures)))
        return iter(terms)

    folder.mkdir(parents=True, exist_ok=True)
    fit(model, watched, folder, settings(seed), resume=False)
    return points


def main(folder: Path) -> None:
    """Write datasets/copier_curve.csv. folder: for checkpoints."""
    torch.set_num_threads(1)
    rows = [row for seed in SEEDS for row in curve(seed, folder)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([FIELDS, *rows])
    write_whole(course.root() / "datasets" / "copier_curve.csv", text.getvalue())


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        main(Path(scratch))
