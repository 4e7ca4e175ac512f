"""The fit calculator against published figures and sums done by hand; quantiser, batches and caches against oracles."""

import dataclasses
import math
import random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aigc_course import attention, caches, course, hub, quantise, serving
from aigc_course.errors import CourseError

R1 = serving.models()["DeepSeek-R1"]
LLAMA = serving.models()["R1-Distill-Llama-70B"]
H800, H200, H20, ASCEND = (serving.cards()[name] for name in ("H800", "H200", "H20", "910B"))


@pytest.fixture(scope="module")
def reasoner():
    return hub.load_lm("reasoner", "cpu")


# ---- does it fit?


@pytest.mark.parametrize("model", serving.models().values(), ids=str)
def test_the_plan_has_as_many_parameters_as_its_makers_say(model):
    assert serving.parameters(model) / 1e9 == pytest.approx(model.published_b, rel=0.005)
    assert (serving.active(model) == serving.parameters(model)) == (model.experts == 0)


def test_deepseeks_own_figures():
    assert serving.active(R1) / 1e9 == pytest.approx(36.7, rel=0.03)  # README_WEIGHTS.md of DeepSeek-V3
    assert serving.kv_numbers(R1) == 61 * (512 + 64)


def test_parameters_are_those_that_transformers_allocates():
    from transformers import DeepseekV3Config, LlamaConfig
    from transformers.models.auto import AutoModelForCausalLM

    theirs = [
        LlamaConfig(
            hidden_size=64, num_hidden_layers=3, num_attention_heads=8, num_key_value_heads=2, head_dim=16,
            intermediate_size=96, vocab_size=120, tie_word_embeddings=False,
        ),
        DeepseekV3Config(
            hidden_size=64, num_hidden_layers=3, num_attention_heads=4, kv_lora_rank=24, qk_rope_head_dim=8,
            q_lora_rank=20, qk_nope_head_dim=16, v_head_dim=16, intermediate_size=96, moe_intermediate_size=32,
            n_routed_experts=8, num_experts_per_tok=2, n_shared_experts=1, first_k_dense_replace=1, n_group=2,
            topk_group=1, vocab_size=120, tie_word_embeddings=False,
        ),
    ]  # fmt: skip
    usual = {"published_b": 0, "layers": 3, "width": 64, "head_dim": 16, "ffn": 96, "vocab": 120, "tied": 0}
    none = dict.fromkeys(("latent", "rope", "q_rank", "experts", "chosen", "shared", "expert_ffn"), 0)
    moe = {"latent": 24, "rope": 8, "q_rank": 20, "experts": 8, "chosen": 2, "shared": 1, "expert_ffn": 32}
    names = {"model": "x", "source": "", "date": ""}
    ours = [
        serving.Model(**usual, **none, **names, heads=8, kv_heads=2, dense_layers=3),
        serving.Model(**usual, **moe, **names, heads=4, kv_heads=4, dense_layers=1),
    ]
    for config, model in zip(theirs, ours, strict=True):
        with torch.device("meta"):
            allocated = AutoModelForCausalLM.from_config(config)
        matrices = sum(p.numel() for p in allocated.parameters() if p.ndim > 1)
        assert serving.parameters(model) == matrices


def test_the_formula_of_the_cache_is_that_of_the_attention_lesson(reasoner):
    config = reasoner[0].config
    numbers = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim
    plan = {"layers": config.num_hidden_layers, "kv_heads": config.num_key_value_heads, "head_dim": config.head_dim}
    like = dataclasses.replace(LLAMA, **plan)
    assert serving.kv_numbers(like) == numbers
    assert serving.kv_bytes(like, 100, 4) == attention.cache_bytes(config, 100)


def test_the_rows_of_the_lectures_table():
    """16 users with 8,192 tokens. The one row where we need fewer than the lecture says is the H20's."""
    found = {}
    for name, lecture, _, gb, form, _ in serving.LECTURE:
        card = serving.cards()[name]
        assert gb == lecture * card.memory_gb
        least, even = (count(R1, card, form, 8192, 16) for count in (serving.cards_by_memory, serving.cards_needed))
        found[name] = least, even, lecture
    assert found == {"H800": (10, 16, 16), "H200": (6, 8, 8), "H20": (8, 8, 16), "910B": (24, 32, 32)}


def test_memory_adds_up():
    found = serving.memory(LLAMA, H800, 4, "bf16", 1000, 7)
    assert found.weights == serving.parameters(LLAMA) * 2 / 4
    assert found.kv == 2 * 80 * 8 * 128 * 2 * 1000 * 7 / 4
    assert found.weights + found.kv + found.left == pytest.approx(72e9) and found.fits


@given(st.sampled_from([1, 2, 4, 8, 16]), st.sampled_from([512, 4096, 32768]))
@settings(deadline=None)
def test_users_that_fit_are_the_most_that_fit(n, context):
    for model, card, form in ((R1, H20, "fp8"), (LLAMA, H200, "int4"), (LLAMA, ASCEND, "bf16")):
        users = serving.users_that_fit(model, card, n, form, context)
        assert not users or serving.memory(model, card, n, form, context, users).fits
        assert not serving.memory(model, card, n, form, context, users + 1).fits


def test_what_cannot_be_is_refused():
    for wrong in (
        lambda: serving.memory(R1, ASCEND, 32, "fp8", 1000, 1),
        lambda: serving.weight_bytes(R1, "fp7"),
        lambda: serving.memory(R1, H800, 0, "fp8", 1000, 1),
        lambda: serving.step(R1, H800, 16, "fp8", 1000, 2.5),
        lambda: serving.cards_needed(R1, H800, "fp8", 10**9, 10**6),
        lambda: serving.cost_per_million(1, 0),
        lambda: serving.cost_per_million(1, 1, 1.5),
        lambda: serving.static_steps([1], 0),
    ):
        with pytest.raises(CourseError):
            wrong()


# ---- how fast, and for how much?


def test_one_user_waits_for_the_memory():
    one = serving.step(LLAMA, H200, 1, "fp8", 0, 1)
    assert one.reading == serving.parameters(LLAMA) / 4.8e12
    assert one.computing == 2 * serving.parameters(LLAMA) / 1979e12
    assert one.seconds == one.reading


def test_a_batch_is_cheaper_until_it_computes_all_the_time():
    speeds = [serving.step(LLAMA, H200, 4, "bf16", 100, users).tokens_per_second for users in (1, 2, 4, 1000, 2000)]
    assert speeds[1] > 1.9 * speeds[0] and speeds[2] > 1.9 * speeds[1] and speeds[4] < 1.01 * speeds[3]


def test_the_experts_wanted_by_somebody():
    assert serving.weights_read(R1, 1) == serving.active(R1)
    assert serving.weights_read(R1, 10**6) == pytest.approx(serving.parameters(R1))
    rng, users = random.Random(0), 32
    drawn = [len({e for _ in range(users) for e in rng.sample(range(256), 8)}) for _ in range(300)]
    assert serving.experts_read(R1, users) == pytest.approx(sum(drawn) / 300 / 256, rel=0.01)


def test_attention_in_operations_is_what_torch_counts():
    from torch.utils.flop_counter import FlopCounterMode

    q, k = torch.zeros(1, 64, 1, 128), torch.zeros(1, 64, 500, 128)
    with FlopCounterMode(display=False) as counter:
        (q @ k.transpose(-1, -2)).softmax(-1) @ k
    long, short = (serving.step(LLAMA, H800, 1, "bf16", tokens, 1).computing * 989e12 for tokens in (500, 0))
    assert long - short == pytest.approx(80 * counter.get_total_flops(), rel=1e-6)


def test_the_price_of_a_million():
    assert serving.cost_per_million(36, 10_000) == pytest.approx(1)
    assert serving.cost_per_million(36, 10_000, busy=0.25) == pytest.approx(4)


def test_the_hospital_in_the_marking_guide_of_the_lab():
    guide = course.lesson("serving").lab_source.read_text("utf-8")
    weights, cache = serving.weight_bytes(R1, "fp8") / 1e9, serving.kv_bytes(R1, 8192) * 200 / 1e9
    said = [f"约 {weights:.0f} GB", f"约 {cache:.0f} GB", f"about {weights:.0f} GB of weights and {cache:.0f} GB"]
    fit = serving.users_that_fit(R1, H20, 8, "fp8", 8192)
    said += [f"只容得下 {fit} 个", f"hold only {fit} users"]
    for n, users, month in ((16, 200, 80_000), (8, 30, 40_000)):
        speed = serving.step(R1, H20, n, "fp8", 8192, users).tokens_per_second / 5
        share = serving.cost_per_million(month / (30 * 24), speed) / (2.19 * 7.3)
        said += [f"约 {share:.1f}", f"about {share:.1f}"]
    assert [words for words in said if words not in guide] == []


# ---- quantiser


@pytest.mark.parametrize("bits", range(2, 9))
def test_no_weight_is_wrong_by_more_than_half_a_scale(bits):
    w = torch.randn(37, 53, generator=torch.Generator().manual_seed(bits))
    w[3] = 0
    numbers, scales = quantise.quantise(w, bits)
    assert numbers.dtype == torch.int8 and int(numbers.abs().max()) == 2 ** (bits - 1) - 1
    assert ((quantise.dequantise(numbers, scales) - w).abs() <= scales / 2 * 1.0001).all()


@pytest.mark.parametrize("bits", range(2, 9))
def test_rounding_is_torchs_own(bits):
    w = torch.randn(20, 64, generator=torch.Generator().manual_seed(0))
    numbers, scales = quantise.quantise(w, bits)
    largest = 2 ** (bits - 1) - 1
    none = torch.zeros(20, dtype=torch.int32)
    theirs = torch.fake_quantize_per_channel_affine(w, scales[:, 0], none, 0, -largest, largest)
    torch.testing.assert_close(quantise.dequantise(numbers, scales), theirs)


@pytest.mark.parametrize("bits", range(2, 9))
def test_packed_numbers_come_back(bits):
    limit = 2 ** (bits - 1)
    numbers = torch.randint(-limit, limit, (7, 11), generator=torch.Generator().manual_seed(0)).to(torch.int8)
    data = quantise.pack(numbers, bits)
    assert len(data) == math.ceil(77 * bits / 8)
    assert torch.equal(quantise.unpack(data, bits, (7, 11)), numbers)


def test_a_quantised_model_is_smaller_and_nearly_the_same(reasoner):
    model, tokenizer = reasoner
    before = {name: p.clone() for name, p in model.named_parameters()}
    small, size = quantise.quantised(model, 8)
    assert all(torch.equal(p, before[name]) for name, p in model.named_parameters())
    rows = sum(len(p) for p in model.parameters() if p.ndim == 2)
    others = sum(p.nbytes for p in model.parameters() if p.ndim != 2)
    assert size == sum(p.numel() for p in model.parameters() if p.ndim == 2) + 2 * rows + others
    ids = torch.tensor([tokenizer("Tom has 7 apples and buys 5 more.")["input_ids"]])
    with torch.no_grad():
        near = (small(ids).logits.softmax(-1) - model(ids).logits.softmax(-1)).abs().max()
    assert 0 < near < 0.05
    with pytest.raises(CourseError):
        quantise.quantise(torch.ones(2, 2), 9)


# ---- batches and caches


@given(st.lists(st.integers(1, 30), max_size=25), st.integers(1, 6))
@settings(deadline=None)
def test_batches_step_by_step(lengths, size):
    """Against a slow simulation that moves one step at a time."""
    waiting, places, steps = list(lengths), [], 0
    while waiting or places:
        while waiting and len(places) < size:
            places.append(waiting.pop(0))
        places = [left - 1 for left in places if left > 1]
        steps += 1
    assert serving.continuous_steps(lengths, size) == steps <= serving.static_steps(lengths, size)
    if len(lengths) <= size:
        assert serving.static_steps(lengths, size) == max(lengths, default=0)


def test_the_prefix_cache_computes_only_what_is_new(reasoner):
    model, tokenizer = reasoner
    weights = model.state_dict()
    texts = [
        "Tom has 7 apples and buys 5 more.",
        "Tom has 7 apples and buys 9 more. How many?",
        "Tom",
        "小明有 3 个苹果",
    ]
    held = caches.PrefixCache(weights, model.config)
    asked = [tokenizer(text)["input_ids"] for text in [*texts, texts[0]]]
    computed = []
    for ids in asked:
        logits, count = held.read(ids)
        computed.append(count)
        torch.testing.assert_close(logits, attention.forward(weights, model.config, torch.tensor([ids])).logits[0, -1])
    shared = caches.shared_length(asked[0], asked[1])
    assert 5 < shared < len(asked[0])
    assert computed[:2] == [len(asked[0]), len(asked[1]) - shared] and computed[2] == computed[4] == 1
    assert computed[3] == len(asked[3]) - 1  # the start token alone is shared


def test_the_response_cache_asks_once_until_the_reply_is_too_old():
    now, said = [0.0], []

    def ask(question, temperature=0):
        said.append((question, temperature))
        return len(said)

    held = caches.ResponseCache(ask, lifetime=10, clock=lambda: now[0])
    assert [held("a"), held("a"), held("b"), held("a", temperature=1), held("a")] == [1, 1, 2, 3, 1]
    now[0] = 10
    assert held("a") == 4 and (held.hits, held.misses) == (2, 4)
    blind = caches.ResponseCache(lambda user, question: f"{user}: {question}", key=lambda user, question: question)
    assert blind("Anna", "my balance?") == blind("Tom", "my balance?")  # the leak that the lesson warns of
