"""The model card of `lm` (zoo/lm/README.md), written from what was measured, and what other cards share with it."""

from collections.abc import Sequence

from aigc_course import grammar
from aigc_course.sampling import wilson

ROWS = (  # metric, zh, en, format
    ("kl", "KL（真值 ‖ 模型），每个 token 的平均，nats", "KL(truth ‖ model), mean per token, nats", ".4f"),
    ("invalid_mass", "给语法上不可能的 token 的概率，平均", "probability given to impossible tokens, mean", ".2%"),
    ("kl_everyday", "日常上文的 KL，平均", "KL over everyday contexts, mean", ".4f"),
    ("kl_worst_everyday", "日常上文的 KL，最差的一个", "KL over everyday contexts, the worst", ".3f"),
    ("lecture", "P(去公园 | 今天天气不错，我决定)，真值 0.7", "P(去公园 | 今天天气不错，我决定), truth 0.7", ".3f"),
    (
        "lecture_en",
        "P(go to the park | The weather is nice today, so I decided to)，真值 0.7",
        "P(go to the park | The weather is nice today, so I decided to), truth 0.7",
        ".3f",
    ),
    ("held_out_documents", "从未训练过的文档数", "documents never trained on", "d"),
    ("held_out_contexts", "其中的上文数", "contexts in them", "d"),
    ("cpu_seconds", "训练所用的 CPU 时间，秒（各核相加）", "CPU time of the training, seconds (cores added up)", ".0f"),
)


def head(name: str) -> str:
    """How the card of a small language model begins: what the hub reads, and its title."""
    return f"""---
language: [zh, en]
library_name: transformers
pipeline_tag: text-generation
license: apache-2.0
---

# {name}"""


def share(value: float, n: int) -> str:
    """A share of n with its 95 % interval (Wilson), as text: 1.4% (0.9–2.1)."""
    low, high = wilson(round(value * n), n)
    return f"{value:.1%} ({100 * low:.1f}–{100 * high:.1f})"


def table(rows: Sequence[tuple[str, str, str, str]], results: dict[int, dict], lang: str) -> str:
    """A Markdown table: a line for each (measure, zh, en, format), a column for each seed. results: seed → measures."""
    heading, column = {"zh": ("指标", 1), "en": ("measure", 2)}[lang]
    lines = ["| " + " | ".join([heading, *(f"seed {seed}" for seed in results)]) + " |"]
    lines.append("|---" * (len(results) + 1) + "|")
    for row in rows:
        cells = (format(metrics[row[0]], row[3]) for metrics in results.values())
        lines.append("| " + " | ".join([row[column].replace("|", "\\|"), *cells]) + " |")
    return "\n".join(lines)


def card(results: dict[int, dict], weights: int, vocabulary: int, steps: int, documents: int) -> str:
    """results: seed → measures, the published seed first. weights, vocabulary: counts; steps × documents: the data."""
    seen, possible, first = steps * documents, grammar.count(), next(iter(results))
    zh, en = (len(grammar.words(lang)) for lang in ("zh", "en"))
    return f"""{head("lm")}

## 中文

这是课程自带的小语言模型：Llama 结构，{weights:,} 个参数，词表 {vocabulary} 个 token。它只读过一种文章：由课程里的
一部小语法（`aigc_course/data/grammar/`）写出来的日常句子、小知识和小故事。语法是一个概率程序，所以任何一个上文之后，
下一个 token 的真实概率都能精确算出（`aigc_course.grammar.next_token_probs`）。模型学得准不准，就拿它和真值比。

- 数据：中文 {zh} 个词、英文 {en} 个词，能写出 {possible:,} 篇不同的文档；训练抽取 {seen:,} 篇（有重复），边训练边抽取。
- 命令：`aigc train lm --publish`，附带的是种子 {first}，是看过几个种子的结果以后选的；下表列出全部结果。
- 评测：新抽的文档中去掉训练时出现过的，在剩下的每一个位置上比较。这些文档多是故事，因为短句几乎都见过。

{table(ROWS, results, "zh")}

局限：它只会这部语法里的话，词表之外的内容会胡乱接。小知识按出现次数分成“常见”“少见”“从不出现”三类，
后两类它常常答错，而且答得很流利：这是有意的，后面的课用它来测量幻觉。不要拿它做课程以外的事。

## English

The course's own small language model: Llama architecture, {weights:,} weights, a vocabulary of {vocabulary} tokens.
It has read one kind of text only: sentences of everyday life, small facts and little stories written by the course's
grammar (`aigc_course/data/grammar/`). The grammar is a probabilistic program, so the true probability of the next token
is known exactly after any context (`aigc_course.grammar.next_token_probs`), and the model can be held against it.

- Data: {zh} Chinese and {en} English words, {possible:,} different documents possible; training draws {seen:,} of
  them (with repeats), as it goes.
- Command: `aigc train lm --publish`. The bundled one is seed {first}, picked after seeing the
  results of all; the table has every one.
- Measured on freshly drawn documents, less those that occurred in training, at every position. Most of them are
  stories, because nearly all short sentences have been seen.

{table(ROWS, results, "en")}

Limits: it speaks this grammar and nothing else; on other text it goes on at random. Its facts are of three kinds, seen
often, seldom and never; the last two it often gets wrong, fluently. That is intended: a later lesson measures
hallucination with them. It is of no use outside the course.
"""
