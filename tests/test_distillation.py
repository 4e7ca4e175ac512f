"""aigc_course.distillation against torch's own loss, and its models against brute force."""

import random

import pytest
import torch
import torch.nn.functional as F
from tiny import llama

from aigc_course import distillation, stories
from aigc_course.errors import CourseError
from aigc_course.train.reasoning import build_tokenizer


@pytest.fixture(scope="module")
def teacher():
    tokenizer = build_tokenizer()
    return llama(len(tokenizer), initializer_range=0.2), tokenizer


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 5.0])
def test_loss_and_gradient_are_torchs_times_t_squared(temperature):
    torch.manual_seed(0)
    student, target = torch.randn(2, 40, 30).mul(3).unbind()
    student.requires_grad_()
    ours = distillation.distillation_loss(student, target, temperature)
    theirs = temperature**2 * F.kl_div(
        (student / temperature).log_softmax(-1),
        (target / temperature).log_softmax(-1),
        reduction="batchmean",
        log_target=True,
    )
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-5)
    for a, b in zip(*(torch.autograd.grad(loss, student) for loss in (ours, theirs)), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_the_factor_keeps_the_step_while_the_temperature_rises():
    torch.manual_seed(0)
    student, target = torch.randn(2, 40, 30).unbind()
    student.requires_grad_()
    norms = [
        torch.autograd.grad(distillation.distillation_loss(student, target, t), student)[0].norm().item()
        for t in (20.0, 80.0)
    ]
    assert norms[1] == pytest.approx(norms[0], rel=0.1)  # without it: a sixteenth


def test_loss_is_zero_exactly_where_nothing_is_left_to_learn():
    logits = torch.randn(5, 9)
    assert distillation.distillation_loss(logits + 3, logits, 2.0).item() == pytest.approx(0, abs=1e-6)
    assert distillation.distillation_loss(-logits, logits, 2.0) > 0.01


def test_soften():
    logits = torch.tensor([2.0, 1.0, 0.0])
    assert distillation.soften(logits, 1e6).tolist() == pytest.approx([1 / 3] * 3, abs=1e-4)
    assert distillation.soften(logits, 0.01).tolist() == pytest.approx([1, 0, 0])
    with pytest.raises(CourseError, match="greater than 0"):
        distillation.soften(logits, 0)


def test_traces_are_the_teachers_words_and_answers_leave_its_thinking_out(teacher):
    rng = random.Random(0)
    asked = [stories.sample(rng, 2) for _ in range(3)]
    pairs = distillation.traces(teacher, asked)
    assert [story for story, _ in pairs] == asked
    told = [(asked[0], "<think>7+5=12</think>12"), (asked[1], "9")]
    assert distillation.answers_only(told) == [(asked[0], "12"), (asked[1], "9")]


@torch.no_grad()
def test_pruned_heads_are_silent(teacher):
    model, _ = teacher
    ids = torch.tensor([[1, 40, 50, 60, 70]])

    def mute(module, args):
        left, _, right = args[0].split([8, 8, 16], -1)
        return (torch.cat([left, torch.zeros_like(left), right], -1),)

    hook = model.model.layers[1].self_attn.o_proj.register_forward_pre_hook(mute)
    silent = model(ids).logits
    hook.remove()
    assert torch.allclose(distillation.without_heads(model, 1, [1])(ids).logits, silent, atol=1e-6)
    assert not torch.allclose(model(ids).logits, silent)
    assert distillation.size(distillation.without_heads(model, 1, [1])) == distillation.size(model) - 32 * 8


@torch.no_grad()
def test_a_layer_less_is_the_model_that_skips_it(teacher):
    model, _ = teacher
    ids = torch.tensor([[1, 40, 50, 60, 70]])
    less = distillation.without_layer(model, 0)
    hidden = model.model.layers[1](
        model.model.embed_tokens(ids),
        position_embeddings=model.model.rotary_emb(model.model.embed_tokens(ids), torch.arange(5)[None]),
        attention_mask=None,
    )
    hidden = hidden[0] if isinstance(hidden, tuple) else hidden
    assert torch.allclose(less(ids).logits, model.lm_head(model.model.norm(hidden)), atol=1e-5)
    assert len(less.model.layers) == 1
    assert less.generate(ids, max_new_tokens=4, do_sample=False).shape[1] <= 9
