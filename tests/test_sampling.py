"""aigc_course.sampling against transformers' own processors and its generate()."""

import math
from types import SimpleNamespace

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.generation.logits_process import (
    LogitsProcessorList,
    MinPLogitsWarper,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from aigc_course import sampling
from aigc_course.errors import CourseError

VOCAB = 60


def cases() -> dict[str, torch.Tensor]:
    """Logits (vocab,): random ones, and those on which filters go wrong."""
    random = torch.Generator().manual_seed(1)
    flat = torch.randn(VOCAB, generator=random)
    return {
        **{f"random{i}": 3 * torch.randn(VOCAB, generator=random) for i in range(20)},
        "ties": torch.randint(0, 4, (VOCAB,), generator=random).float(),
        "all equal": torch.zeros(VOCAB),
        "one certain": torch.full((VOCAB,), -1e4).index_fill(0, torch.tensor([7]), 1e4),
        "huge": flat * 1e30,
        "tiny": flat * 1e-30,
        "shifted": flat + 1e4,
        "already cut": flat.masked_fill(flat < 0, -math.inf),
        "one left": torch.full((VOCAB,), -math.inf).index_fill(0, torch.tensor([3]), 0.0),
        "exact halves": torch.log(torch.tensor([0.5, 0.25, 0.125, 0.125] + [0.0] * (VOCAB - 4))),
    }


CASES = cases()


def theirs(processor, logits: torch.Tensor) -> torch.Tensor:
    return processor(None, logits[None])[0]


@pytest.mark.parametrize("name", CASES)
def test_each_filter_equals_transformers(name):
    logits = CASES[name]
    for temperature in (0.1, 0.7, 1.0, 3.0, 100.0):
        assert torch.equal(
            sampling.apply_temperature(logits, temperature), theirs(TemperatureLogitsWarper(temperature), logits)
        )
    for k in (1, 2, 5, VOCAB - 1, VOCAB, VOCAB + 1, 10**6):
        assert torch.equal(sampling.top_k(logits, k), theirs(TopKLogitsWarper(k), logits))
    for p in (0.0, 0.1, 0.3, 0.9, 0.95, 0.999, 1.0):
        assert torch.equal(sampling.top_p(logits, p), theirs(TopPLogitsWarper(p), logits)), p
    for p in (0.0, 0.01, 0.05, 0.2, 0.9, 1.0):
        assert torch.equal(sampling.min_p(logits, p), theirs(MinPLogitsWarper(p), logits)), p


@pytest.mark.parametrize("name", CASES)
def test_combinations_equal_transformers_in_its_order(name):
    logits = CASES[name]
    for temperature, k, p, floor in ((0.7, 10, 0.9, 0.05), (1.5, 3, 0.5, 0.2), (2.0, VOCAB + 9, 0.99, 0.01)):
        library = LogitsProcessorList(
            [
                TemperatureLogitsWarper(temperature),
                TopKLogitsWarper(k),
                TopPLogitsWarper(p),
                MinPLogitsWarper(floor),
            ]
        )
        # keywords in another order on purpose: the order is the function's
        ours = sampling.warp(logits, min_p=floor, top_p=p, top_k=k, temperature=temperature)
        assert torch.equal(ours, library(None, logits[None])[0])


def test_filters_take_a_batch():
    batch = torch.stack([CASES["random0"], CASES["ties"], CASES["shifted"]])
    settings = {"temperature": 0.8, "top_k": 9, "top_p": 0.8, "min_p": 0.1}
    rows = torch.stack([sampling.warp(row, **settings) for row in batch])
    assert torch.equal(sampling.warp(batch, **settings), rows)


def test_nothing_given_changes_nothing():
    assert sampling.warp(CASES["ties"]) is CASES["ties"]
    assert torch.equal(sampling.warp(CASES["ties"], temperature=1, top_k=0, top_p=1, min_p=0), CASES["ties"])


@pytest.mark.parametrize("name", CASES)
def test_softmax_equals_torch(name):
    torch.testing.assert_close(sampling.softmax(CASES[name]), CASES[name].softmax(-1), rtol=1e-5, atol=1e-7)


class Letters:
    """A tokenizer of single letters: id 0 begins a text, id 1 ends it."""

    eos_token_id = 1

    def __call__(self, text, add_special_tokens=True):
        return {"input_ids": [0] * add_special_tokens + [2 + ord(c) - ord("a") for c in text]}

    def batch_decode(self, rows, skip_special_tokens):
        return ["".join(chr(ord("a") + i - 2) for i in row if not (skip_special_tokens and i < 2)) for row in rows]


@pytest.fixture(scope="module")
def toy():
    """An untrained Llama of 28 tokens, scaled so that its distributions are far from flat."""
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=28,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=0,
        tie_word_embeddings=False,
    )
    model = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        model.lm_head.weight *= 15
    return model, Letters()


def library_generate(toy, prompt, **settings):
    model, tokenizer = toy
    ids = torch.tensor([tokenizer(prompt)["input_ids"]])
    return model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=24, **settings)[0].tolist()


def test_greedy_equals_transformers_token_by_token(toy):
    seen = set()
    for prompt in ("a", "hello", "zzz", "the", "modelsofwords"):
        ours = sampling.generate(*toy, prompt, max_new_tokens=24, temperature=0)
        assert ours == library_generate(toy, prompt, do_sample=False)
        seen.update(ours)
    assert len(seen) > 5  # the toy says more than one thing, so equality means something


@pytest.mark.parametrize(
    "settings",
    [{}, {"temperature": 0.7}, {"top_k": 3}, {"top_p": 0.8}, {"min_p": 0.2}, {"temperature": 1.3, "top_k": 8}],
    ids=str,
)
def test_sampling_equals_transformers_with_the_same_seed(toy, settings):
    for seed in range(5):
        ours = sampling.generate(*toy, "hello", max_new_tokens=24, generator=sampling.seeded(seed), **settings)
        torch.manual_seed(seed)
        off = {"temperature": 1.0, "top_k": 0, "top_p": 1.0}
        assert ours == library_generate(toy, "hello", do_sample=True, **(off | settings))


def test_the_seed_decides(toy):
    def draw(seed):
        return sampling.generate(*toy, "a", max_new_tokens=30, generator=sampling.seeded(seed))

    assert draw(1) == draw(1)
    assert len({tuple(draw(seed)) for seed in range(10)}) > 1


def test_sample_many(toy):
    def draw(n, **settings):
        return sampling.sample_many(*toy, "cat", n, max_new_tokens=30, generator=sampling.seeded(5), **settings)

    texts = draw(40)
    assert len(texts) == 40 and texts == draw(40)
    assert all(text.startswith("cat") for text in texts) and len(set(texts)) > 20
    expected = sampling.generate(*toy, "cat", max_new_tokens=30, temperature=0)
    assert set(draw(3, temperature=0)) == set(toy[1].batch_decode([expected], skip_special_tokens=True))


def test_sample_many_follows_the_model(toy):
    """The share of each first letter is what one step without a cache says; so is the second."""
    model, tokenizer = toy
    texts = sampling.sample_many(*toy, "cat", 4000, max_new_tokens=2, generator=sampling.seeded(2))
    for prefix in ("cat", max(set(text[:4] for text in texts if len(text) > 3), key=[t[:4] for t in texts].count)):
        probs = sampling.softmax(sampling.next_logits(model, sampling.encode(tokenizer, prefix)))
        after = [text[len(prefix) :] for text in texts if text.startswith(prefix)]
        letter = chr(ord("a") + int(probs[2:].argmax()))
        share = sum(rest.startswith(letter) for rest in after) / len(after)
        assert abs(share - float(probs[2:].max())) < 5 * 0.5 / math.sqrt(len(after))


def test_continuation_probability_is_the_product_of_the_steps(toy):
    model, tokenizer = toy
    for settings in ({}, {"temperature": 2.0}, {"top_k": 20, "temperature": 1.5}):
        expected, text = 1.0, "cat"
        for letter in "dog":
            logits = sampling.warp(sampling.next_logits(model, sampling.encode(tokenizer, text)), **settings)
            expected *= float(sampling.softmax(logits)[2 + ord(letter) - ord("a")])
            text += letter
        assert sampling.continuation_probability(*toy, "cat", "dog", **settings) == pytest.approx(expected, rel=1e-4)


def test_choose_follows_the_probabilities():
    probs = torch.tensor([0.7, 0.2, 0.1, 0.0])
    drawn = sampling.choose(probs.expand(20_000, -1), sampling.seeded(0))
    shares = torch.bincount(drawn, minlength=4) / 20_000
    assert shares[3] == 0
    # 5 standard deviations of a share of 0.5 in 20,000 draws
    torch.testing.assert_close(shares, probs, rtol=0, atol=5 * 0.5 / math.sqrt(20_000))


@pytest.mark.parametrize(
    "call",
    [
        lambda: sampling.apply_temperature(torch.zeros(3), 0),
        lambda: sampling.apply_temperature(torch.zeros(3), -1),
        lambda: sampling.apply_temperature(torch.zeros(3), math.nan),
        lambda: sampling.apply_temperature(torch.zeros(3), math.inf),
        lambda: sampling.top_k(torch.zeros(3), 0),
        lambda: sampling.top_k(torch.zeros(3), -2),
        lambda: sampling.top_k(torch.zeros(3), 2.5),
        lambda: sampling.top_k(torch.zeros(3), math.nan),
        lambda: sampling.top_p(torch.zeros(3), 1.1),
        lambda: sampling.top_p(torch.zeros(3), -0.1),
        lambda: sampling.top_p(torch.zeros(3), math.nan),
        lambda: sampling.min_p(torch.zeros(3), 90),
        lambda: sampling.min_p(torch.zeros(3), math.nan),
        lambda: sampling.warp(torch.zeros(3), topk=3),
        lambda: sampling.warp(torch.zeros(3), temperature=0),
        lambda: sampling.choose(torch.tensor([math.nan, 1.0])),
        lambda: sampling.choose(torch.tensor([-0.1, 1.1])),
        lambda: sampling.choose(torch.zeros(3)),
        lambda: sampling.encode(lambda text: {"input_ids": []}, ""),
        lambda: sampling.wilson(3, 2),
        lambda: sampling.wilson(0, 0),
    ],
)
def test_a_bad_value_gets_one_sentence_in_each_language(call):
    with pytest.raises(CourseError) as caught:
        call()
    assert len(caught.value.zh) > 10 and len(caught.value.en) > 10


def test_kl_and_entropy_equal_torch():
    for i in range(5):
        p, q = sampling.softmax(CASES[f"random{i}"]), sampling.softmax(CASES[f"random{i + 5}"])
        expected = torch.nn.functional.kl_div(q.log(), p, reduction="sum")
        assert sampling.kl_divergence(p, q) == pytest.approx(float(expected), rel=1e-5)
        assert sampling.entropy(p) == pytest.approx(float(torch.distributions.Categorical(p).entropy()), rel=1e-5)
        assert sampling.kl_divergence(p, p) == 0
    assert sampling.entropy(torch.tensor([0.0, 1.0])) == 0
    assert sampling.entropy(torch.full((8,), 1 / 8)) == pytest.approx(math.log(8))
    assert sampling.kl_divergence(torch.tensor([0.5, 0.5]), torch.tensor([1.0, 0.0])) == math.inf
    assert sampling.kl_divergence(torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.5])) == pytest.approx(math.log(2))


def test_truth_and_invalid_mass():
    truth = {2: 0.75, 0: 0.25}
    assert sampling.truth_tensor(truth, 4).tolist() == [0.25, 0, 0.75, 0]
    assert sampling.invalid_mass(torch.tensor([0.1, 0.2, 0.4, 0.3]), truth) == pytest.approx(0.5)
    assert sampling.invalid_mass(torch.tensor([0.4, 0.6]), {}) == pytest.approx(1)


def test_wilson_is_the_set_of_shares_that_the_score_test_accepts():
    """The interval's ends solve |share - p| = z·sqrt(p(1 - p)/n): scanned, not computed by the formula."""
    for successes, n in ((0, 20), (1, 20), (10, 20), (199, 200), (200, 200), (137, 400)):
        grid = [i / 100_000 for i in range(100_001)]
        accepted = [p for p in grid if abs(successes / n - p) <= 1.96 * math.sqrt(p * (1 - p) / n) + 1e-12]
        assert sampling.wilson(successes, n) == pytest.approx((min(accepted), max(accepted)), abs=2e-5)


def test_the_interval_of_a_difference_by_newcombes_own_example():
    """56 of 70 against 48 of 80: Newcombe 1998, table II, example (a), method 10."""
    assert sampling.difference(56, 70, 48, 80) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


def test_a_model_on_another_device_type_is_read_in_float32():
    """Half-precision logits come back as float32, so that the filters see what the tests above saw."""
    half = SimpleNamespace(logits=torch.zeros(1, 2, 4, dtype=torch.bfloat16))

    class Model:
        device = "cpu"

        def __call__(self, batch):
            return half

    assert sampling.next_logits(Model(), [0, 1]).dtype == torch.float32
