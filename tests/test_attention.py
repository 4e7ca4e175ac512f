"""aigc_course.attention and aigc_course.heads against torch, transformers, and attention written by hand."""

import ast
import copy
import inspect
import math
import random
from types import SimpleNamespace

import pytest
import tiny
import torch
from tiny import llama
from torch import Tensor
from transformers import AutoModelForCausalLM
from transformers.models.llama import modeling_llama

from aigc_course import attention, course, grammar, heads, hub
from aigc_course.book import editions, source
from aigc_course.errors import CourseError

VOCAB = 40
SHAPES = {
    "tied": {},
    "untied": {"tie_word_embeddings": False},
    "grouped": {"num_key_value_heads": 2, "tie_word_embeddings": False},
    "one group": {"num_key_value_heads": 1, "head_dim": 16},  # heads · head_dim is not hidden_size
    "other constants": {
        "rms_norm_eps": 1e-2,
        "rope_parameters": {"rope_type": "default", "rope_theta": 20.0},
        "num_hidden_layers": 3,
    },
}


def near(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def randn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def loud(model):
    """Larger matrices, norms away from 1: attention far from even, and no weight without effect."""
    with torch.no_grad():
        for i, (name, weight) in enumerate(model.named_parameters()):
            weight.copy_(1 + randn(len(weight), seed=i) / 4 if "norm" in name else 6 * weight)
    return model


@pytest.fixture(scope="module", params=SHAPES)
def toy(request):
    model = loud(llama(VOCAB, attn_implementation="eager", **SHAPES[request.param]))
    return model, model.state_dict(), model.config


@pytest.fixture(scope="module")
def lm():
    model = AutoModelForCausalLM.from_pretrained(
        hub.find("lm"), dtype=torch.float32, attn_implementation="eager", local_files_only=True
    ).eval()
    return model, model.state_dict(), model.config


@pytest.fixture(scope="module")
def documents() -> list[Tensor]:
    tokenizer, rng = hub.load_lm("lm")[1], random.Random(1)
    return [torch.tensor([tokenizer.encode(grammar.sample(rng))]) for _ in range(40)]


def ids(texts: int, n: int, seed: int = 0) -> Tensor:
    return torch.randint(3, VOCAB, (texts, n), generator=torch.Generator().manual_seed(seed))


# ---- the pieces ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lead", [(), (3,), (2, 4)], ids=str)
def test_scaled_dot_product_equals_torch(lead):
    theirs = torch.nn.functional.scaled_dot_product_attention
    q, k, v = randn(*lead, 5, 8), 3 * randn(*lead, 7, 8, seed=1), randn(*lead, 7, 6, seed=2)
    some = randn(*lead, 5, 7, seed=3) > 0
    some[..., 0] = True
    for mask in (None, some, attention.causal_mask(5, 7)):
        output, weights = attention.scaled_dot_product_attention(q, k, v, mask)
        near(output, theirs(q, k, v, attn_mask=mask))
        near(weights.sum(-1), torch.ones(*lead, 5))
        assert mask is None or not weights[~mask.expand_as(weights)].any()


def test_causal_attention_equals_torchs_own():
    q, k, v = (randn(2, 3, 6, 8, seed=i) for i in range(3))
    ours = attention.scaled_dot_product_attention(q, k, v, attention.causal_mask(6))[0]
    near(ours, torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True))
    assert attention.causal_mask(2, 4).tolist() == [[True, True, True, False], [True] * 4]


def test_heads_are_slices_and_come_back_together():
    x = randn(2, 5, 12)
    split = attention.split_heads(x, 3)
    assert torch.equal(split[:, 1], x[..., 4:8]) and torch.equal(attention.merge_heads(split), x)
    assert torch.equal(attention.repeat_kv(split, 6), modeling_llama.repeat_kv(split, 2))


@pytest.mark.parametrize("theta", [10_000.0, 500_000.0])
def test_rope_equals_transformers(theta):
    config = llama(VOCAB, rope_parameters={"rope_type": "default", "rope_theta": theta}).config
    q, k, places = randn(2, 4, 9, 8), randn(2, 2, 9, 8, seed=1), torch.randint(0, 200, (2, 9))
    cos, sin = modeling_llama.LlamaRotaryEmbedding(config)(q, places)
    theirs = modeling_llama.apply_rotary_pos_emb(q, k, cos, sin)
    ours = attention.rope_tables(places[:, None], 8, theta)
    near(ours[0][:, 0], cos)
    near(ours[1][:, 0], sin)
    near(attention.apply_rope(q, *ours), theirs[0])
    near(attention.apply_rope(k, *ours), theirs[1])


def test_rope_knows_distances_only_and_keeps_lengths():
    q, k = randn(16), randn(16, seed=1)

    def score(i: int, j: int) -> Tensor:
        turned = [attention.apply_rope(x, *attention.rope_tables(torch.tensor(at), 16)) for x, at in ((q, i), (k, j))]
        near(turned[0].norm(), q.norm())
        return turned[0] @ turned[1]

    near(score(9, 4), score(105, 100))
    assert abs(score(9, 4) - score(9, 5)) > 0.01


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_norm_and_swiglu_equal_transformers(dtype):
    config = llama(VOCAB).config
    x = (5 * randn(2, 7, 32)).to(dtype)
    norm, mlp = modeling_llama.LlamaRMSNorm(32, eps=1e-3).to(dtype), modeling_llama.LlamaMLP(config).to(dtype)
    with torch.no_grad():
        norm.weight.copy_(randn(32))
        assert torch.equal(attention.rms_norm(x, norm.weight, 1e-3), norm(x))
        ours = attention.swiglu(x, mlp.gate_proj.weight, mlp.up_proj.weight, mlp.down_proj.weight)
        torch.testing.assert_close(ours, mlp(x), rtol=1e-2, atol=2e-3) if dtype == torch.float16 else near(ours, mlp(x))


# ---- the whole -----------------------------------------------------------------------------------------------------


@torch.no_grad()
def test_the_bundled_model(lm, documents):
    """Transformers' own two ways to compute attention differ by as much (1.1e-5 at logits of 21)."""
    model, weights, config = lm
    for text in documents:
        ours = attention.forward(weights, config, text, keep=True)
        theirs = model(text, output_attentions=True)
        near(ours.logits, theirs.logits)
        assert len(ours.attention) == config.num_hidden_layers
        for mine, its in zip(ours.attention, theirs.attentions, strict=True):
            near(mine, its)


@torch.no_grad()
def test_llamas_of_other_shapes(toy):
    model, weights, config = toy
    text = ids(3, 11)
    ours, theirs = attention.forward(weights, config, text, keep=True), model(text, output_attentions=True)
    near(ours.logits, theirs.logits)
    assert float(theirs.logits.std()) > 0.3 and float(torch.stack(theirs.attentions).amax(-1).mean()) > 0.3
    for mine, its in zip(ours.attention, theirs.attentions, strict=True):
        near(mine, its)
    assert attention.forward(weights, config, text).attention == []


@torch.no_grad()
def test_a_qwen3(tmp_path):
    """The hub model of the lesson's tier "gpu" is one: queries and keys are normed before they are turned."""
    folder = tiny.checkpoint(tmp_path, "Qwen3", "float32")
    model = loud(AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval())
    ours = attention.forward(model.state_dict(), model.config, ids(3, 11), keep=True)
    theirs = model(ids(3, 11), output_attentions=True)
    near(ours.logits, theirs.logits)
    assert float(torch.stack(theirs.attentions).amax(-1).mean()) > 0.3
    for mine, its in zip(ours.attention, theirs.attentions, strict=True):
        near(mine, its)


@torch.no_grad()
def test_fill_on_the_left_and_on_the_right(toy):
    model, weights, config = toy
    lengths = (9, 4, 1)
    texts = [ids(1, n, seed=n)[0] for n in lengths]
    for side in ("left", "right"):
        batch, real = torch.zeros(3, 9, dtype=torch.long), torch.zeros(3, 9, dtype=torch.bool)
        for row, text in enumerate(texts):
            where = slice(9 - len(text), 9) if side == "left" else slice(0, len(text))
            batch[row, where], real[row, where] = text, True
        output = attention.forward(weights, config, batch, real, keep=True)
        for row, text in enumerate(texts):
            near(output.logits[row, real[row]], attention.forward(weights, config, text[None]).logits[0])
        assert all(not layer.isnan().any() for layer in output.attention)
        if side == "left":
            theirs = model(batch, attention_mask=real.long(), position_ids=(real.cumsum(1) - 1).clamp(min=0)).logits
            near(output.logits[real], theirs[real])


def test_it_runs_in_half_precision():
    model = llama(VOCAB).bfloat16()
    with torch.no_grad():
        theirs = model(ids(2, 9)).logits
    ours = attention.forward(model.state_dict(), model.config, ids(2, 9)).logits
    assert ours.dtype == torch.bfloat16
    torch.testing.assert_close(ours, theirs, rtol=2e-2, atol=2e-2)


def test_the_forward_pass_has_at_most_120_lines_of_code():
    """Docstrings and empty lines left out."""
    parts = (
        *(attention.causal_mask, attention.scaled_dot_product_attention, attention.split_heads, attention.merge_heads),
        *(attention.repeat_kv, attention.rope_tables, attention.apply_rope, attention.rms_norm, attention.swiglu),
        *(attention.KVCache, attention.Output, attention.forward, attention.block),
    )
    source = "\n".join(inspect.getsource(part) for part in parts)
    told = [
        node.body[0].end_lineno - node.body[0].lineno + 1
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node)
    ]
    lines = sum(bool(line.strip()) for line in source.splitlines()) - sum(told)
    assert 60 < lines <= 120
    assert len(inspect.getsource(attention).splitlines()) < 300


# ---- the cache -----------------------------------------------------------------------------------------------------


def test_the_cache_changes_nothing(toy):
    _, weights, config = toy
    text, cache = ids(2, 12), attention.KVCache()
    whole = attention.forward(weights, config, text, keep=True)
    at = 0
    for n in (5, 1, 1, 3, 1, 1):  # a prefill, then single tokens and a few at once
        part = attention.forward(weights, config, text[:, at : at + n], cache=cache, keep=True)
        near(part.logits, whole.logits[:, at : at + n])
        for seen, all_seen in zip(part.attention, whole.attention, strict=True):
            near(seen, all_seen[:, :, at : at + n, : at + n])
        at += n
        assert cache.nbytes == attention.cache_bytes(config, tokens=at, texts=2)


def test_the_cache_remembers_which_tokens_are_fill(toy):
    _, weights, config = toy
    text = ids(2, 8)
    real = torch.tensor([[False, False, False, True, True], [True] * 5])
    cache = attention.KVCache()
    attention.forward(weights, config, text[:, :5], real, cache)
    near(
        attention.forward(weights, config, text[:, 5:], cache=cache).logits[0],
        attention.forward(weights, config, text[:1, 3:]).logits[0, -3:],
    )


def test_bytes_of_the_cache(lm, documents):
    _, weights, config = lm
    cache = attention.KVCache()
    attention.forward(weights, config, documents[0], cache=cache)
    tokens = documents[0].shape[1]
    assert cache.nbytes == attention.cache_bytes(config, tokens) == 2 * 3 * 4 * 32 * tokens * 4
    assert attention.cache_bytes(config, tokens, texts=3, bytes_per_number=2) == cache.nbytes * 3 // 2


def test_greedy_equals_transformers_with_and_without_the_cache(lm, documents):
    model, weights, config = lm
    written = set()
    for text in documents[:6]:
        start = text[:, : text.shape[1] // 3]
        theirs = model.generate(start, attention_mask=torch.ones_like(start), max_new_tokens=30, do_sample=False)
        for cached in (True, False):
            ours = attention.greedy(weights, config, start[0].tolist(), 30, end=config.eos_token_id, cached=cached)
            assert ours == theirs[0].tolist()
        written.update(ours)
    assert len(written) > 20
    assert len(attention.greedy(weights, config, [1], 25)) == 26  # without an end it goes on


# ---- taking heads away ---------------------------------------------------------------------------------------------


@torch.no_grad()
def test_without_all_heads_a_layer_has_no_attention(toy):
    model, weights, config = toy
    text = ids(2, 10)
    for layer in range(config.num_hidden_layers):
        silent = copy.deepcopy(model)
        silent.model.layers[layer].self_attn.forward = lambda hidden_states, **_: (0 * hidden_states, None)
        gone = {(layer, head): 0.0 for head in range(config.num_attention_heads)}
        ours = attention.forward(weights, config, text, ablate=gone).logits
        near(ours, silent(text).logits)
        assert (ours - model(text).logits).abs().max() > 0.1


@torch.no_grad()
def test_a_head_is_replaced_by_what_it_is_given(toy):
    """Zero is what a head's columns of the output projection give when they are 0; a vector goes through them."""
    model, weights, config = toy
    text, d = ids(2, 10), config.head_dim
    for head in ((0, 1), (1, 3)):
        layer, columns = head[0], slice(head[1] * d, (head[1] + 1) * d)
        changed = copy.deepcopy(model)
        projection = changed.model.layers[layer].self_attn.o_proj
        projection.weight[:, columns] = 0
        near(attention.forward(weights, config, text, ablate={head: 0.0}).logits, changed(text).logits)
        vector = randn(d, seed=7)
        projection.bias = torch.nn.Parameter(
            weights[f"model.layers.{layer}.self_attn.o_proj.weight"][:, columns] @ vector
        )
        near(attention.forward(weights, config, text, ablate={head: vector}).logits, changed(text).logits)


def test_what_another_text_gave_can_be_put_in(toy):
    """All heads of the last layer replaced, token by token: attention there is as in the other text."""
    _, weights, config = toy
    last = config.num_hidden_layers - 1
    one, other = ids(1, 10, seed=1), ids(1, 10, seed=2)
    found = attention.forward(weights, config, other, keep=True).heads[last][0]
    given = {(last, head): found[head] for head in range(config.num_attention_heads)}
    near(attention.forward(weights, config, one, ablate=given, keep=True).heads[last][0], found)
    near(
        attention.forward(weights, config, other, ablate=given).logits, attention.forward(weights, config, other).logits
    )
    both = {(last, 0): attention.forward(weights, config, torch.cat([one, other]), keep=True).heads[last][:, 0]}
    assert attention.forward(weights, config, torch.cat([one, other]), ablate=both).logits.shape[0] == 2


@torch.no_grad()
def test_head_means_leave_fill_out(toy):
    _, weights, config = toy
    texts = [ids(1, 9, seed=1), ids(1, 5, seed=2)]
    batch, real = torch.zeros(2, 9, dtype=torch.long), torch.zeros(2, 9, dtype=torch.bool)
    for row, text in enumerate(texts):
        batch[row, -text.shape[1] :], real[row, -text.shape[1] :] = text[0], True
    alone = [torch.stack(attention.forward(weights, config, text, keep=True).heads)[:, 0] for text in texts]
    expected = torch.cat(alone, dim=2).mean(2)
    near(heads.head_means(weights, config, batch, real), expected)
    near(heads.head_means(weights, config, texts[0]), alone[0].mean(2))
    assert expected.shape == (config.num_hidden_layers, config.num_attention_heads, config.head_dim)


@torch.no_grad()
def test_log_probability_and_what_an_ablation_costs(toy):
    model, weights, config = toy
    text, places = ids(3, 10), torch.tensor([4, 9, 1])
    logp = model(text).logits.log_softmax(-1)
    expected = torch.stack([logp[row, at - 1, text[row, at]] for row, at in enumerate(places.tolist())])
    near(heads.log_probability(weights, config, text, places), expected)
    means = heads.head_means(weights, config, text)
    for given in (None, means):
        losses = heads.ablation_losses(weights, config, text, places, means=given)
        assert losses.shape == (config.num_hidden_layers, config.num_attention_heads, 3)
        for head in ((0, 2), (1, 0)):
            ablate = {head: 0.0 if given is None else means[head]}
            near(losses[head], expected - heads.log_probability(weights, config, text, places, ablate=ablate))
            assert losses[head].abs().max() > 1e-3


# ---- where heads look ----------------------------------------------------------------------------------------------


def drawn(pattern) -> list[Tensor]:
    """Attention (1, 2, 9, 9) of one layer: head 0 looks where `pattern(place)` says, head 1 evenly at all it sees."""
    even = attention.causal_mask(9).float()
    even /= even.sum(-1, keepdim=True)
    pointed = torch.zeros(9, 9)
    for place in range(9):
        pointed[place, pattern(place)] = 1
    return [torch.stack([pointed, even])[None]]


def test_previous_token_score():
    score = heads.previous_token_score(drawn(lambda place: max(0, place - 1)))
    near(score, torch.tensor([[1.0, sum(1 / n for n in range(3, 10)) / 7]]))
    assert heads.previous_token_score(drawn(lambda place: place))[0, 0] == 0


def test_induction_score():
    text = heads.repeated_random(range(3, VOCAB), 4, 200, torch.Generator().manual_seed(0), first=1)
    assert text.shape == (200, 9) and (text[:, 0] == 1).all() and torch.equal(text[:, 1:5], text[:, 5:])
    assert set(text[:, 1:].flatten().tolist()) == set(range(3, VOCAB))

    # place 5 holds the token of place 1, which was followed by place 2
    def follower(place: int) -> int:
        return place - 3 if place >= 5 else 0

    near(heads.induction_score(drawn(follower), 4), torch.tensor([[1.0, sum(1 / n for n in range(6, 10)) / 4]]))
    assert heads.induction_score(drawn(lambda place: place - 4 if place >= 5 else 0), 4)[0, 0] == 0


def test_look():
    seen = drawn(lambda place: 2 if place == 6 else 0)
    near(heads.look(seen, 0, 6, [2, 3]), torch.tensor([[1.0, 2 / 7]]))
    near(heads.look(seen, 0, 6, [3]), torch.tensor([[0.0, 1 / 7]]))
    both = [torch.cat([seen[0], drawn(lambda place: 3 if place == 6 else 0)[0]])]
    near(heads.look(both, 1, 6, [3]), torch.tensor([[1.0, 1 / 7]]))


def test_the_interval_of_a_mean_holds_it_19_times_in_20():
    values = 3 + 2 * randn(2000, 50)
    held = sum(low <= 3 <= high for _, low, high in map(heads.mean_interval, values)) / 2000
    assert 0.92 < held < 0.96
    mean, low, high = heads.mean_interval(torch.tensor([1.0, 2.0, 3.0]))
    assert (mean, high - mean) == pytest.approx((2, 1.96 / 3**0.5)) and mean - low == pytest.approx(high - mean)


# ---- what a reader can get wrong -----------------------------------------------------------------------------------

PLAIN = llama(VOCAB)
WEIGHTS, CONFIG = PLAIN.state_dict(), PLAIN.config


def run(text: Tensor | None = None, **how):
    return attention.forward(WEIGHTS, CONFIG, ids(2, 5) if text is None else text, **how)


def scaled(**rope):
    return llama(VOCAB, rope_parameters={"rope_theta": 1e4} | rope).config


def used_cache() -> attention.KVCache:
    cache = attention.KVCache()
    run(ids(3, 4), cache=cache)
    return cache


@pytest.mark.parametrize(
    "call",
    [
        lambda: attention.causal_mask(5, 4),
        lambda: attention.causal_mask(0),
        lambda: attention.scaled_dot_product_attention(randn(3, 4), randn(3, 5), randn(3, 4)),
        lambda: attention.scaled_dot_product_attention(randn(3, 4), randn(3, 4), randn(2, 4)),
        lambda: attention.split_heads(randn(1, 3, 10), 4),
        lambda: attention.repeat_kv(randn(1, 3, 5, 8), 4),
        lambda: attention.rope_tables(torch.arange(3), 5),
        lambda: run(torch.tensor([3, 4, 5])),
        lambda: run(torch.zeros(1, 0, dtype=torch.long)),
        lambda: run(randn(1, 3)),
        lambda: run(torch.tensor([[3, VOCAB]])),
        lambda: run(torch.tensor([[3, -1]])),
        lambda: run(real=torch.ones(2, 4)),
        lambda: run(cache=used_cache()),
        lambda: run(ablate={(2, 0): 0.0}),
        lambda: run(ablate={(0, 4): 0.0}),
        lambda: run(ablate={(-1, 0): 0.0}),
        lambda: run(ablate={(0, 0): randn(CONFIG.head_dim + 1)}),
        lambda: run(ablate={(0, 0): randn(1)}),
        lambda: run(ablate={(0, 0): randn(4, CONFIG.head_dim)}),
        lambda: attention.forward(PLAIN.model.state_dict(), CONFIG, ids(1, 3)),
        lambda: attention.forward(
            {"model.embed_tokens.weight": WEIGHTS["model.embed_tokens.weight"]}, CONFIG, ids(1, 3)
        ),
        lambda: attention.forward(
            WEIGHTS, llama(VOCAB, tie_word_embeddings=False, num_hidden_layers=3).config, ids(1, 3)
        ),
        lambda: attention.forward(WEIGHTS, SimpleNamespace(model_type="gpt2"), ids(1, 3)),
        lambda: attention.forward(WEIGHTS, llama(VOCAB, attention_bias=True).config, ids(1, 3)),
        lambda: attention.forward(WEIGHTS, llama(VOCAB, hidden_act="gelu").config, ids(1, 3)),
        lambda: attention.forward(WEIGHTS, scaled(rope_type="linear", factor=2.0), ids(1, 3)),
        lambda: heads.look(drawn(lambda place: 0), 0, 3, [4]),
        lambda: heads.look(drawn(lambda place: 0), 0, 9, [4]),
        lambda: heads.look(drawn(lambda place: 0), 0, 3, [-1]),
        lambda: heads.repeated_random(range(9), 1, 2, torch.Generator(), 1),
        lambda: heads.induction_score(drawn(lambda place: 0), 5),
        lambda: heads.log_probability(WEIGHTS, CONFIG, ids(2, 5), torch.tensor([0, 2])),
        lambda: heads.log_probability(WEIGHTS, CONFIG, ids(2, 5), torch.tensor([2, 5])),
        lambda: heads.mean_interval(torch.tensor([1.0])),
    ],
)
def test_a_bad_value_gets_one_sentence_in_each_language(call):
    with pytest.raises(CourseError) as caught:
        call()
    assert caught.value.zh.endswith("。") and caught.value.en.endswith(".")
    assert "\n" not in caught.value.zh + caught.value.en and "tensor(" not in caught.value.en


def test_the_numbers_in_the_marking_guide_of_the_lab():
    """Question 5 as a student who got it right sees it."""
    lab = course.lesson("attention").lab_source
    cells = {cell.check or cell.name: cell.text for cell in source.read("attention", lab).cells if cell.kind == "code"}
    shown = {}
    names = {"math": math, "random": random, "torch": torch, "t": lambda zh, en: en}
    names["reveal"] = lambda id, value, more: shown.update(same=value, fresh=more)
    for name in ("model", "attention.q5", "luck"):
        exec(editions.with_solution(cells[name]), names)
    fresh = shown["fresh"].removeprefix("Measured on fresh texts it is ").removesuffix("%.")
    guide = lab.read_text("utf-8")
    assert f"有 {shown['same']}%" in guide and f"只有 {fresh}%" in guide
    assert f"{shown['same']} % “matter”" in guide and f"it is {fresh} %," in guide
