"""aigc_course.distillation against torch's own loss, and its models against brute force."""

import random
import statistics

import pytest
import torch
import torch.nn.functional as F
from tiny import llama

from aigc_course import arms, course, distillation, grammar, reasoning, stories
from aigc_course.errors import CourseError
from aigc_course.train import lm_students
from aigc_course.train.story_texts import build_tokenizer, carries


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


# ---- the students of lm --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def school():
    return lm_students.School(1, texts=20, exam=6)


def test_sentences_are_the_grammars():
    rng = random.Random(0)
    assert all(grammar.is_sentence(grammar.join(lm_students.sentence(rng))) for _ in range(20))


def test_the_first_word_is_given_and_the_end_is_asked():
    ids, words, asked = lm_students.places([[1, 7, 8, 2], [1, 9, 2]])
    assert ids.tolist() == [[1, 7, 8], [1, 9, 2]]
    assert words[asked].tolist() == [8, 2, 2]


def test_the_exams_truth(school):
    prefix = school.tokenizer("今天天气不错，我决定")["input_ids"]
    expected = grammar.next_token_probs(prefix, school.tokenizer)
    found = school._true(prefix, {})
    assert {i: pytest.approx(float(found[i])) for i in found.nonzero()[:, 0].tolist()} == expected
    assert torch.allclose(school.true.sum(-1), torch.ones(len(school.true)), atol=1e-5)


def test_the_teacher_reads_a_text_once_and_tells_it_as_if_anew(school):
    student = lm_students.build(len(school.tokenizer), 1)
    order = random.Random(3).sample(range(20), lm_students.BATCH)
    rows = [school.rows[i] for i in order]
    with torch.no_grad():
        said = school.teacher.lm_head(lm_students.outputs(school.teacher, rows))
        expected = distillation.distillation_loss(student.lm_head(lm_students.outputs(student, rows)), said, 2.0)
        assert school.loss(student, "2", random.Random(3)).item() == pytest.approx(expected.item(), rel=1e-4)


@torch.no_grad()
def test_examined_against_the_truth_and_the_teacher(school):
    true, taught = school.examine(school.teacher)
    assert len(true) == len(taught) == 6 and taught.abs().max() < 1e-5 and 0 < true.mean() < 0.2
    true, taught = school.examine(lm_students.build(len(school.tokenizer), 1))
    assert true.min() > 3 and taught.min() > 3


@pytest.mark.parametrize("arm", lm_students.ARMS)
def test_every_kind_of_student_learns(school, arm):
    run = school.learn(arm, 1, steps=12, looks=[1])
    assert [step for step, *_ in run.curve] == [step for step, _ in run.snapshots] == [1, 12]
    assert run.curve[1][1] < run.curve[0][1]
    # a snapshot stays what it was
    assert float(school.examine(run.snapshots[0][1])[0].mean()) == pytest.approx(run.curve[0][1], rel=1e-5)
    again = school.learn(arm, 1, steps=12)
    assert again.curve[0] == run.curve[1]


def test_the_stored_table_holds_what_the_lesson_says_of_it():
    stored = lm_students.measured()
    assert set(stored) == {"teacher", *lm_students.ARMS}
    assert all([row["seed"] for row in stored[arm]] == list(lm_students.SEEDS) for arm in lm_students.ARMS)
    mean = {arm: sum(row["kl_truth"] for row in rows) / len(rows) for arm, rows in stored.items()}
    assert mean["teacher"] < mean["fresh"] < mean["1"] < mean["word"] < mean["texts"] < mean["4"]
    assert all(row["low"] <= row["kl_truth"] <= row["high"] for rows in stored.values() for row in rows)


def test_the_numbers_in_the_marking_guide_of_the_lab():
    guide = course.lesson("distillation").lab_source.read_text("utf-8")
    rng = random.Random(2026)
    asked = [stories.draw(rng, test=True, operations=range(1, 5), kinds="+-") for _ in range(100)]
    replies = [group[0].text for group in reasoning.attempts("carry_base", [story.text for story in asked])]
    right = [reply == stories.completion(story) for story, reply in zip(asked, replies, strict=True)]
    need = [carries(story) > 0 for story in asked]
    assert not any(a and b for a, b in zip(right, need, strict=True))
    assert f"100 道里 {sum(need)} 道要进位或借位，留下 {sum(right)} 道" in guide
    assert f"{sum(need)} of 100 stories need a carry or a borrow, {sum(right)} are kept" in guide
    shown = ("student", "student_gold", "student_answers", "student_rl", "student_base")
    shares = [100 * statistics.mean(row.value for row in arms.measured(arm)) for arm in shown]
    zh = "老师的文字学 {:.0f}%，跟标准步骤学 {:.0f}%，只学答案 {:.0f}%，强化学习 {:.0f}%，出发时 {:.0f}%"
    assert zh.format(*shares) in guide, shares
