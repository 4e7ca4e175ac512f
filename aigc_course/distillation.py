"""Distillation: a small model learns from a large one: from its texts, its probabilities, or its answers alone.

Hinton, Vinyals & Dean 2015 for the probabilities ("soft targets"); DeepSeek-R1 (2025) distils by texts.
"""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from aigc_course.errors import CourseError
from aigc_course.reasoning import attempts
from aigc_course.stories import Story


def soften(logits: Tensor, temperature: float) -> Tensor:
    """Probabilities at a temperature: the higher it is, the more the unlikely tokens show. logits: (..., vocab)."""
    if not temperature > 0:
        raise CourseError(
            f"温度要大于 0，现在是 {temperature}。", f"The temperature must be greater than 0, but it is {temperature}."
        )
    return torch.softmax(logits / temperature, -1)


def distillation_loss(student: Tensor, teacher: Tensor, temperature: float = 1.0) -> Tensor:
    """T² · KL(teacher ‖ student), both at temperature T, mean over the tokens (nats). Both: logits (tokens, vocab).

    At high T the gradient of the softened KL shrinks about like 1/T²; the factor T² keeps it of like size there
    (Hinton et al. 2015, section 2). At low T this holds only roughly.
    """
    target = soften(teacher, temperature)
    log_target, log_student = (torch.log_softmax(x / temperature, -1) for x in (teacher, student))
    return temperature**2 * (target * (log_target - log_student)).sum(-1).mean()


def traces(teacher, asked: Sequence[Story]) -> list[tuple[Story, str]]:
    """What the teacher, a pair (model, tokenizer), writes about each story: steps and answer, right or wrong."""
    return [
        (story, group[0].text) for story, group in zip(asked, attempts(teacher, [s.text for s in asked]), strict=True)
    ]


def answers_only(pairs: Sequence[tuple[Story, str]]) -> list[tuple[Story, str]]:
    """The same with the thinking left out."""
    return [(story, text.rpartition("</think>")[2]) for story, text in pairs]


# ---- the other way to shrink: leave parts out ----------------------------------------------------------------------


def without_heads(model, layer: int, heads: Sequence[int]):
    """A copy of a Llama in which these attention heads say nothing: their columns of the output projection are 0."""
    pruned = copy.deepcopy(model)
    attention = pruned.model.layers[layer].self_attn
    with torch.no_grad():
        for head in heads:
            attention.o_proj.weight[:, head * attention.head_dim : (head + 1) * attention.head_dim] = 0
    return pruned


def without_layer(model, layer: int):
    """A copy of a Llama with one layer less."""
    pruned = copy.deepcopy(model)
    del pruned.model.layers[layer]
    for i, kept in enumerate(pruned.model.layers):
        kept.self_attn.layer_idx = i
    pruned.config.num_hidden_layers -= 1
    return pruned


def size(model) -> int:
    """How many weights a model has, zeros left out, shared ones counted once."""
    return sum(int(torch.count_nonzero(p)) for p in model.parameters())
