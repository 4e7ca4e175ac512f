"""Mixture of experts, against transformers' Mixtral and DeepSeek-V3 with the same weights."""

import math

import pytest
import torch
from transformers.models.deepseek_v3.configuration_deepseek_v3 import DeepseekV3Config
from transformers.models.deepseek_v3.modeling_deepseek_v3 import DeepseekV3MoE
from transformers.models.mixtral.configuration_mixtral import MixtralConfig
from transformers.models.mixtral.modeling_mixtral import MixtralSparseMoeBlock, load_balancing_loss_func

from aigc_course import moe
from aigc_course.errors import CourseError
from aigc_course.train import experts

T, D, E, W, K = 50, 12, 6, 10, 2


@pytest.fixture
def draw():
    return torch.Generator().manual_seed(0)


def filled(module, draw):
    """The module with random weights."""
    for p in module.parameters():
        p.data = torch.randn(p.shape, generator=draw) * 0.3
    return module


@torch.no_grad()
def test_softmax_routing_is_mixtrals(draw):
    config = MixtralConfig(hidden_size=D, intermediate_size=W, num_local_experts=E, num_experts_per_tok=K)
    block = filled(MixtralSparseMoeBlock(config), draw)
    x = torch.randn(1, T, D, generator=draw)
    routing = moe.route(moe.affinities(x[0], block.gate.weight, "softmax"), K)
    gate, up = block.experts.gate_up_proj.chunk(2, dim=1)
    assert torch.allclose(moe.mix(x[0], routing, gate, up, block.experts.down_proj), block(x)[0], atol=1e-5)


@torch.no_grad()
@pytest.mark.parametrize("normalise", [True, False])
def test_sigmoid_routing_with_a_bias_is_deepseeks(draw, normalise):
    config = DeepseekV3Config(
        hidden_size=D,
        moe_intermediate_size=W,
        n_routed_experts=E,
        num_experts_per_tok=K,
        n_shared_experts=1,
        n_group=1,
        topk_group=1,
        norm_topk_prob=normalise,
        routed_scaling_factor=1.0,
    )
    block = filled(DeepseekV3MoE(config), draw)
    block.gate.e_score_correction_bias = torch.randn(E, generator=draw)
    x = torch.randn(1, T, D, generator=draw)
    affinity = moe.affinities(x[0], block.gate.weight)
    routing = moe.route(affinity, K, block.gate.e_score_correction_bias, normalise)
    gate, up = block.experts.gate_up_proj.chunk(2, dim=1)
    ours = moe.mix(x[0], routing, gate, up, block.experts.down_proj) + block.shared_experts(x)[0]
    assert torch.allclose(ours, block(x)[0], atol=1e-5)
    without = moe.route(affinity, K, normalise=normalise)
    assert not torch.equal(without.chosen, routing.chosen)  # the bias decides
    same = (without.chosen == routing.chosen).all(-1)
    assert torch.equal(without.gates[same], routing.gates[same])  # and never weighs


def test_the_balance_loss_is_switchs_up_to_its_factor(draw):
    """transformers' sums the shares of all k choices, ours averages them."""
    logits = torch.randn(T, E, generator=draw)
    affinity = logits.softmax(-1)
    ours = moe.balance_loss(affinity, moe.route(affinity, K).chosen)
    assert torch.allclose(K * ours, load_balancing_loss_func((logits,), E, K), atol=1e-5)


def test_how_even_a_load_is():
    even, one = torch.full((4,), 0.25), torch.tensor([0.0, 1.0, 0.0, 0.0])
    assert moe.max_violation(even) == 0
    assert moe.max_violation(one) == 3
    assert moe.effective_experts(even) == pytest.approx(4)
    assert moe.effective_experts(one) == pytest.approx(1)
    assert moe.load(torch.tensor([[0, 1], [0, 2]]), 4).tolist() == [0.5, 0.25, 0.25, 0]
    certain = torch.tensor([[1.0, 0, 0, 0]] * 5)
    assert moe.balance_loss(certain, torch.zeros(5, 1, dtype=torch.long)) == pytest.approx(4)
    assert moe.updated_bias(torch.zeros(4), one, 0.1).tolist() == pytest.approx([0.1, -0.1, 0.1, 0.1])


def test_a_closed_expert_gets_nothing(draw):
    affinity = torch.rand(T, E, generator=draw)
    open_, closed = moe.route(affinity, K), moe.route(affinity, K, closed=[3])
    assert (open_.chosen == 3).any()
    assert not (closed.chosen == 3).any()
    untouched = ~(open_.chosen == 3).any(-1)
    assert torch.equal(open_.chosen[untouched], closed.chosen[untouched])


@pytest.mark.parametrize(("k", "closed"), [(0, ()), (E + 1, ()), (E, (1,)), (1, (E,))])
def test_what_cannot_be_chosen_is_said(draw, k, closed):
    with pytest.raises(CourseError, match="k "):
        moe.route(torch.rand(T, E, generator=draw), k, closed=closed)


def test_unknown_names_are_said(draw):
    with pytest.raises(CourseError, match="sigmoid"):
        moe.affinities(torch.ones(1, D), torch.ones(E, D), "relu")
    with pytest.raises(CourseError, match="bias"):
        next(
            moe.train(
                moe.Model(moe.Shape(9, experts=4)), [torch.zeros(1, 3, dtype=torch.long)], moe.Recipe(balance="x")
            )
        )


def test_weights_are_counted():
    shape = moe.Shape(20, d=8, heads=2, shared=6, experts=5, chosen=2, width=4)
    model = moe.Model(shape)
    assert moe.held(model) == sum(p.numel() for p in model.parameters())
    assert moe.held(model) - moe.used(model) == 3 * 3 * 8 * 4  # three experts rest, of three matrices each
    cheap, large = (moe.Model(moe.Shape(20, d=8, heads=2, shared=w)) for w in (shape.equal_compute, shape.equal_size))
    assert 0 <= moe.used(cheap) - moe.used(model) < 3 * 8
    assert 0 <= moe.held(large) - moe.held(model) < 3 * 8
    assert moe.used(cheap) == moe.held(cheap)


def test_no_token_sees_what_comes_later_and_fill_counts_for_nothing(draw):
    torch.manual_seed(0)
    model = moe.Model(moe.Shape(20, d=8, heads=2, experts=4, width=4))
    ids = torch.randint(20, (2, 9), generator=draw)
    other = ids.clone()
    other[:, 6] = (other[:, 6] + 1) % 20
    a, b = (model(x)[0].view(2, 8, 20) for x in (ids, other))
    assert torch.allclose(a[:, :6], b[:, :6], atol=1e-6)
    assert not torch.allclose(a[:, 6:], b[:, 6:], atol=1e-3)
    short = torch.cat([ids, torch.full((2, 3), moe.FILL)], dim=1)
    assert torch.allclose(moe.losses(model, short), moe.losses(model, ids), atol=1e-6)


@pytest.mark.parametrize("balance", moe.BALANCES)
def test_training_learns_and_bias_moves_only_where_it_should(balance):
    torch.manual_seed(0)
    model = moe.Model(moe.Shape(12, d=16, heads=2, experts=4, width=8))
    ids = torch.arange(12).repeat(6, 2)
    seen = list(moe.train(model, [ids] * 40, moe.Recipe(steps=40, balance=balance)))
    assert [step for step, *_ in seen] == list(range(1, 41))
    assert seen[-1][1] < 0.5 * seen[0][1]
    assert all(share.sum() == pytest.approx(1) for *_, share in seen)
    assert model.feed_forward.bias.any() == (balance == "bias")


def test_a_bias_evens_out_a_lopsided_router():
    torch.manual_seed(0)
    x, router = torch.randn(400, D) + 1, torch.randn(E, D)
    affinity, bias = moe.affinities(x, router), torch.zeros(E)
    before = moe.max_violation(moe.load(moe.route(affinity, K).chosen, E))
    for _ in range(1000):
        bias = moe.updated_bias(bias, moe.load(moe.route(affinity, K, bias).chosen, E), 0.002)
    assert moe.max_violation(moe.load(moe.route(affinity, K, bias).chosen, E)) < 0.2 < before


def test_information_is_none_by_chance_and_all_where_one_decides_the_other(draw):
    kinds = torch.arange(4).repeat(100)
    sorted_, dealt = kinds[:, None], torch.randint(4, (400, 1), generator=draw)
    assert moe.information(moe.traffic(sorted_, kinds, 4, 4)) == pytest.approx(math.log(4), abs=1e-5)
    assert moe.information(moe.traffic(dealt, kinds, 4, 4)) < 0.05
    assert 0 < moe.by_chance(sorted_, kinds, 4, 4, draw) < 0.05
    assert moe.traffic(torch.tensor([[0, 1], [1, 2]]), torch.tensor([0, 1]), 2, 3).tolist() == [[1, 1, 0], [0, 1, 1]]


# ---- what the experts learn, and the stored trainings ----------------------------------------------------------------


def test_every_word_has_its_kind():
    words = {
        "小明": "name",
        "Lucy": "name",
        "公园": "zh",
        "park": "en",
        "'s": "en",
        "7": "digit",
        "七": "zh",
        ":": "mark",
    }
    assert {word: experts.kind(word) for word in words} == words
    assert experts.kind(experts.START) == "start"
    counts = torch.bincount(experts.kind_of_id())
    assert (counts[2:4] == torch.tensor([32, 10])).all()
    assert counts.sum() == len(experts.vocabulary())


def test_the_phone_book_has_one_number_for_each_pair():
    book = experts.phone_book()
    assert len({tuple(line[:2]) for line in book}) == len(book) == 256
    digits = "".join("".join(line[experts.FIRST :]) for line in book)
    assert len(digits) == 256 * experts.DIGITS
    assert all(70 < digits.count(d) < 135 for d in "0123456789")  # 102 each on average: nothing to gain by one guess


def test_batches_are_the_seeds_own_and_begin_and_end():
    one, again, other = (next(experts.batches(seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert len(one) == experts.DOCUMENTS + experts.LINES
    assert (one[:, 0] == experts.vocabulary()[experts.START]).all()
    ends = one.gather(1, (one != moe.FILL).sum(1, keepdim=True) - 1)
    assert (ends == experts.vocabulary()[experts.END]).all()
    assert len(experts.kinds(one)) == len(moe.next_ids(one))


def test_digits_are_asked_where_they_stand():
    """A made-up model that knows the line by heart gets all digits right, one that is a place late gets none."""
    book = experts.exam()[1]

    class Knows:
        def __init__(self, late):
            self.late = late

        def __call__(self, ids, closed=()):
            said = torch.nn.functional.one_hot(ids[:, 1:].roll(self.late, 1), len(experts.vocabulary())).float()
            return said.flatten(0, 1), None

    assert experts.digits_right(Knows(0)) == 1
    late = (book[:, 3:7] == book[:, 4:8]).float().mean()
    assert experts.digits_right(Knows(1)) == pytest.approx(float(late))


def test_what_experts_know_of_numbers_that_they_divide_by_place():
    """A made-up router: the first digits to experts 0 and 1, the second to 2 and 3, and so on."""

    class Routed:
        shape = moe.Shape(9, experts=8)

        def __call__(self, ids, closed=()):
            place = torch.arange(ids.shape[1] - 1).expand(len(ids), -1)[ids[:, 1:] != moe.FILL]
            first = 2 * (place - experts.FIRST).clamp(0, 3)
            return None, moe.Routing(None, torch.stack([first, first + 1], -1), None)

    know = experts.what_experts_know(Routed())
    assert know["place"][0] == pytest.approx(math.log(4), abs=1e-3) == know["place"][2]
    assert know["zh"][0] == know["en"][0] == 0
    assert know["zh"][2] == pytest.approx(math.log(8) - math.log(2), abs=1e-3)  # two experts each


def test_a_training_is_measured_and_watched(monkeypatch):
    monkeypatch.setattr(experts, "CURVE", 1)
    result, seen = experts.learn("compute", 3e-3, 2, seed=1)
    assert seen == []
    assert len(result.curve) == 2
    assert result.curve[-1] == pytest.approx(result.digits, abs=1e-4)
    assert (result.held, result.know) == (result.used, None)
    torch.manual_seed(0)
    shot = experts.snapshot(moe.Model(experts.shape("bias")), 1, 2.0)
    assert sum(shot.load) == pytest.approx(1, abs=1e-2)
    counts = torch.tensor(shot.traffic)
    assert counts.shape == (len(experts.KINDS), experts.EXPERTS)
    assert torch.allclose(counts.sum(0) / counts.sum(), torch.tensor(shot.load), atol=1e-3)


def test_stored_trainings_are_those_of_the_plan():
    runs = experts.stored_runs()
    assert tuple(runs) == moe.BALANCES
    for run in runs.values():
        assert [shot.step for shot in run] == [1, *range(experts.EVERY, experts.STEPS + 1, experts.EVERY)]
        assert all(torch.tensor(shot.traffic).shape == (len(experts.KINDS), experts.EXPERTS) for shot in run)
    for arm, rate, steps, seed in experts.plan():
        found = [r for r in experts.stored_results(arm, rate, steps) if r.seed == seed]
        assert len(found) == 1, f"{arm} at {rate}, {steps} steps, seed {seed}: run python -m aigc_course.train.experts"
        model = moe.Model(experts.shape(arm))
        assert (found[0].held, found[0].used) == (moe.held(model), moe.used(model))
        assert (found[0].without is not None) == (arm in experts.BALANCE)


def test_unknown_or_damaged_trainings_are_said(monkeypatch, tmp_path):
    with pytest.raises(CourseError, match="compute"):
        experts.stored_results("dense")
    monkeypatch.setattr(experts, "path", lambda: tmp_path / "expert_runs.json")
    for text in ("", "{}", '{"runs": {"none": [[1]]}, "results": []}', '{"runs": {}, "results": [{"arm": "x"}]}'):
        experts.path().write_text(text)
        with pytest.raises(CourseError, match="expert_runs"):
            experts.stored_runs()
