"""aigc_course.rl: the formula against torch's own pieces and against hand-made numbers."""

import random
import statistics

import pytest
import torch
from tiny import llama

from aigc_course import arms, course, rl, stories
from aigc_course.reasoning import Attempt
from aigc_course.train.story_texts import build_tokenizer


@pytest.fixture(scope="module")
def tiny():
    tokenizer = build_tokenizer()
    return llama(len(tokenizer), num_hidden_layers=1, num_attention_heads=2), tokenizer


def test_advantage_is_the_z_score_within_the_group():
    rewards = torch.tensor([[1.0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]])
    A = rl.advantage(rewards)
    assert torch.allclose(A.mean(-1), torch.zeros(3), atol=1e-6)
    assert A[0, 0] == pytest.approx(0.75 / (0.5 + 1e-4))  # mean 1/4, sample standard deviation 1/2
    assert A[2].abs().max() == 0  # all alike: nothing to learn


def test_clipping_stops_the_pay_but_not_the_way_back():
    old = torch.zeros(1, 1)
    for log_ratio, A, expected in ((0.5, 1.0, 1.2), (-0.5, -1.0, -0.8), (-0.5, 1.0, 0.6065), (0.5, -1.0, -1.6487)):
        logp = torch.full((1, 1), log_ratio, requires_grad=True)
        gain = rl.clipped(logp, old, torch.tensor([A]))
        assert gain.item() == pytest.approx(expected, abs=1e-4)
        gain.sum().backward()
        assert (logp.grad.item() == 0) == (expected in (1.2, -0.8))


def test_k3_estimates_the_kl_without_bias():
    torch.manual_seed(0)
    p, q = torch.randn(2, 12).log_softmax(-1)
    truth = (p.exp() * (p - q)).sum()
    every = rl.k3(p, q)
    assert (every >= 0).all()
    assert (p.exp() * every).sum() == pytest.approx(truth.item(), rel=1e-5)  # its exact expectation under p


def test_first_step_is_the_policy_gradient():
    """Where nothing has moved yet (ratio 1) GRPO's gradient is REINFORCE's with the advantage as weight."""
    torch.manual_seed(0)
    logp = torch.randn(6, 5, requires_grad=True)
    A, mask = torch.randn(6), (torch.rand(6, 5) < 0.7).float()
    mask[:, 0] = 1
    (ours,) = torch.autograd.grad(rl.grpo_loss(logp, logp.detach(), None, A, mask), logp)
    reinforce = -(A[:, None] * logp * mask).sum(-1) / mask.sum(-1)
    (theirs,) = torch.autograd.grad(reinforce.mean(), logp)
    assert torch.allclose(ours, theirs)


def test_loss_is_ppo_and_kl_by_hand():
    torch.manual_seed(1)
    logp, old, ref = torch.randn(3, 4, 7).unbind()
    A, mask = torch.randn(4), torch.ones(4, 7)
    mask[0, 3:] = 0
    total = 0.0
    for i in range(4):
        tokens = [j for j in range(7) if mask[i, j]]
        per = []
        for j in tokens:
            r = float((logp[i, j] - old[i, j]).exp())
            gain = min(r * float(A[i]), min(max(r, 0.8), 1.2) * float(A[i]))
            d = float(ref[i, j] - logp[i, j])
            per.append(gain - 0.1 * (2.718281828**d - d - 1))
        total -= sum(per) / len(per) / 4
    assert rl.grpo_loss(logp, old, ref, A, mask, beta=0.1).item() == pytest.approx(total, rel=1e-5)


def test_token_logprobs_are_the_models(tiny):
    model, tokenizer = tiny
    rng = random.Random(0)
    told = [stories.sample(rng) for _ in range(4)]
    pairs = [
        (s, Attempt([*tokenizer(stories.completion(s), add_special_tokens=False)["input_ids"], 2], "", "", None))
        for s in told
    ]
    ids, mask = rl.batch(tokenizer, pairs)
    logp, entropy = rl.token_logprobs(model, ids, mask)
    for i, (story, attempt) in enumerate(pairs):
        prompt = tokenizer(story.text)["input_ids"]
        with torch.no_grad():
            full = model(torch.tensor([prompt + attempt.ids])).logits[0].log_softmax(-1)
        expected = [full[len(prompt) - 1 + j, token].item() for j, token in enumerate(attempt.ids)]
        assert logp[i][mask[i] == 1].tolist() == pytest.approx(expected, abs=1e-4)
        assert int(mask[i].sum()) == len(attempt.ids)
        assert float(entropy[i][mask[i] == 1][0]) == pytest.approx(
            -(full[len(prompt) - 1].exp() * full[len(prompt) - 1]).sum().item(), rel=1e-4
        )


@pytest.mark.parametrize("method", [rl.grpo, rl.expert_iteration])
def test_a_reward_that_pays_one_token_is_learned(tiny, method):
    """End to end on something any model can do: start with the digit 7."""
    import copy

    model, tokenizer = tiny
    model = copy.deepcopy(model)
    seven = tokenizer.convert_tokens_to_ids("7")
    settings = rl.Settings(
        prompts=8, samples=64, operations=(1,), learning_rate=1e-2, warm_up=1, inner=1, beta=0.0, max_new_tokens=2
    )
    updates = list(method(model, tokenizer, 45, lambda story, a: float(a.ids[0] == seven), settings))
    assert sum(u.reward for u in updates[-5:]) / 5 > 0.9 > 0.1 > updates[0].reward
    assert len(updates[0].groups[0][1]) == 64


def test_the_answer_reward_reads_the_final_answer():
    story = stories.parse("Tom has 7 apples, buys 5 more and gives 3 to Ann. How many are left?")
    rewards = {"9": 1, "<think>nonsense</think>9": 1, "<think>7+5=12，12-3=9</think>8": 0, "<think>9": 0}
    for text, reward in rewards.items():
        assert rl.answer_reward(story, Attempt([], text, *stories.split_reply(text))) == reward


@pytest.mark.parametrize(
    "text, formed, gated",
    [
        ("<think>7+5=12，12-3=9</think>9", True, 1),
        ("<think></think>9", True, 1),
        ("<think>7+5=12</think>8", True, 0),
        ("9", False, 0),
        ("<think>7+5=12，12-3=9", False, 0),
        ("<think></think></think>9", False, 0),
        ("so <think></think>9", False, 0),
        ("<think></think>09", False, 0),
    ],
)
def test_the_gate_lets_only_the_right_form_through(text, formed, gated):
    story = stories.parse("Tom has 7 apples, buys 5 more and gives 3 to Ann. How many are left?")
    attempt = Attempt([0] * 16, text, *stories.split_reply(text))
    assert rl.well_formed(attempt) == formed and rl.gated_reward(story, attempt) == gated
    assert rl.length_reward(story, attempt) == 0.25
    assert rl.brevity_reward(story, attempt) == formed - 0.25


def test_where_nobody_differs_nothing_moves_and_all_is_still_measured(tiny):
    import copy

    model = copy.deepcopy(tiny[0])
    settings = rl.Settings(prompts=2, samples=4, operations=(1,), max_new_tokens=4)
    [update] = rl.grpo(model, tiny[1], 1, lambda story, a: 1.0, settings, reference=tiny[0])
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), tiny[0].parameters(), strict=True))
    assert update.entropy > 1 and update.signal == update.clipped == 0 and update.reward == 1
    assert update.kl == pytest.approx(0, abs=1e-6)


def test_the_clip_is_seen_to_hold(tiny):
    """With long strides on one batch many tokens leave 1 ± clip in the direction of their advantage."""
    import copy

    model = copy.deepcopy(tiny[0])
    settings = rl.Settings(
        prompts=4, samples=8, operations=(1,), learning_rate=1e-2, warm_up=1, inner=6, beta=0.0, max_new_tokens=4
    )
    [update] = rl.grpo(model, tiny[1], 1, lambda story, a: float(sum(a.ids)), settings)
    assert 0.1 < update.clipped <= 1 and update.right < 0.5


def test_the_learning_rate_rises_stays_and_falls():
    constant = rl.Settings(learning_rate=1.0, warm_up=5)
    assert [rl.learning_rate(constant, step, 100) for step in (0, 1, 4, 50, 99)] == [0.2, 0.4, 1, 1, 1]
    falling = rl.Settings(learning_rate=1.0, warm_up=5, cool_down=0.5)
    assert [rl.learning_rate(falling, step, 100) for step in (0, 4, 50, 75, 99)] == [0.2, 1, 1, 0.5, 0.02]


def test_the_numbers_in_the_marking_guide_of_the_lab():
    def values(arm, what, operations="all"):
        return [row.value for row in arms.measured(arm, what, operations)]

    guide = course.lesson("rl").lab_source.read_text("utf-8")
    stored = [("r1_zero_base", "accuracy"), ("r1_zero_base", "pass@1_exact"), ("r1_zero_base", "pass@16_exact")]
    for arm, what in [*stored, ("r1_zero", "accuracy")]:
        share = 100 * statistics.mean(values(arm, what))
        assert f"{share:.0f}%" in guide and f"{share:.0f} %" in guide
    assert max(values("carry_base", "pass@16_exact", 5)) == 0 and max(values("carry_grpo", "pass@16_exact", 5)) < 0.01
