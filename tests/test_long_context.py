"""aigc_course.long_context against a table written down entry by entry, torch, transformers and its own claims."""

import inspect
import math

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import AttentionInterface

from aigc_course import attention, course, heads, hub, long_context, tables
from aigc_course.errors import CourseError
from aigc_course.train import attention_costs, copier

SHAPES = [((), 37, 37), ((2,), 23, 61), ((2, 3), 1, 50), ((1,), 64, 64)]  # heads, queries, tokens


def near(ours: Tensor, theirs: Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)


def given(lead, n: int, m: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(2 * torch.randn(*lead, rows, 8, generator=generator) for rows in (n, m, m))


def masked(q: Tensor, k: Tensor, v: Tensor, seen) -> Tensor:
    """Torch's attention with the mask that `seen(head, place, q of one head, k of one head)` → list of places gives."""
    n, m = q.shape[-2], k.shape[-2]
    flat_q, flat_k, flat_v = (x.reshape(-1, *x.shape[-2:]) for x in (q, k, v))
    mask = torch.zeros(len(flat_q), n, m, dtype=torch.bool)
    for head in range(len(flat_q)):
        for row in range(n):
            mask[head, row, seen(head, m - n + row, flat_q[head, row], flat_k[head])] = True
    found = torch.nn.functional.scaled_dot_product_attention(flat_q, flat_k, flat_v, attn_mask=mask)
    return found.reshape(*q.shape[:-1], v.shape[-1])


# ---- each way is exact ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lead", "n", "m"), SHAPES, ids=str)
def test_dense_is_torchs(lead, n, m):
    q, k, v = given(lead, n, m)
    near(long_context.dense(q, k, v), masked(q, k, v, lambda head, place, *_: list(range(place + 1))))


@pytest.mark.parametrize(("lead", "n", "m"), SHAPES, ids=str)
@pytest.mark.parametrize(("window", "sinks"), [(1, 0), (5, 0), (7, 3), (1, 2), (1000, 0), (1000, 9)])
@pytest.mark.parametrize("chunk", [1, 6, 500])
def test_a_sliding_window(lead, n, m, window, sinks, chunk):
    q, k, v = given(lead, n, m)

    def seen(head: int, place: int, *_) -> list[int]:
        return [key for key in range(place + 1) if place - key < window or key < sinks]

    ours = long_context.sliding_window(q, k, v, window, sinks, chunk)
    near(ours, masked(q, k, v, seen))
    mask = long_context.window_mask(n, m, window, sinks)
    near(ours, attention.scaled_dot_product_attention(q, k, v, mask)[0])


@pytest.mark.parametrize(("lead", "n", "m"), SHAPES, ids=str)
@pytest.mark.parametrize(("block", "blocks"), [(1, 4), (4, 1), (4, 3), (7, 2), (64, 2), (5, 100)])
@pytest.mark.parametrize("chunk", [1, 6, 500])
def test_blocks(lead, n, m, block, blocks, chunk):
    q, k, v = given(lead, n, m)

    def seen(head: int, place: int, query: Tensor, keys: Tensor) -> list[int]:
        own = place // block
        fits = {b: float(query @ keys[b * block : (b + 1) * block].mean(0)) for b in range(own)}
        best = [own, *sorted(fits, key=fits.get, reverse=True)[: blocks - 1]]
        return [key for key in range(place + 1) if key // block in best]

    near(long_context.block_sparse(q, k, v, block, blocks, chunk), masked(q, k, v, seen))


@pytest.mark.parametrize(("lead", "n", "m"), SHAPES, ids=str)
@pytest.mark.parametrize("keep", [1, 6, 1000])
@pytest.mark.parametrize("chunk", [1, 6, 500])
def test_top_k(lead, n, m, keep, chunk):
    q, k, v = given(lead, n, m)

    def seen(head: int, place: int, query: Tensor, keys: Tensor) -> list[int]:
        scores = (keys[: place + 1] @ query).tolist()
        return sorted(range(place + 1), key=scores.__getitem__, reverse=True)[:keep]

    near(long_context.top_k(q, k, v, keep, chunk), masked(q, k, v, seen))


@pytest.mark.parametrize(("lead", "n", "m"), [shape for shape in SHAPES if len(shape[0]) < 2], ids=str)
@pytest.mark.parametrize("keep", [1, 6, 1000])
@pytest.mark.parametrize("chunk", [1, 6, 500])
def test_a_learned_index(lead, n, m, keep, chunk):
    q, k, v = given(lead, n, m)
    generator = torch.Generator().manual_seed(1)  # above 0, so that ReLU makes no ties; it has a test of its own
    shapes = (n, 2, 3), (m, 3), (n, 2)
    index = long_context.Index(*(torch.rand(*shape, generator=generator) for shape in shapes))

    def seen(head: int, place: int, *_) -> list[int]:
        row = place - (m - n)
        scores = [
            sum(float(index.weights[row, j]) * float(index.q[row, j] @ index.k[key]) for j in range(2))
            for key in range(place + 1)
        ]
        return sorted(range(place + 1), key=scores.__getitem__, reverse=True)[:keep]

    near(long_context.indexed(q, k, v, index, keep, chunk), masked(q, k, v, seen))


def test_the_index_scores_by_hand():
    index = long_context.Indexer(8, e=3, heads=2)(torch.randn(4, 8), torch.randn(9, 8))
    scores = long_context.index_scores(index)
    for t in range(4):
        for s in range(9):
            by_hand = sum(index.weights[t, j] * torch.relu(index.q[t, j] @ index.k[s]) for j in range(2))
            near(scores[t, s], by_hand)


def test_masks_of_a_choice():
    places = torch.arange(3, 9)
    scores = torch.randn(2, 6, 9, generator=torch.Generator().manual_seed(0))
    mask = long_context.chosen_mask(long_context.choose_tokens(scores, places, 3), places, 9)
    assert mask.shape == (2, 6, 9) and (mask.sum(-1) == 3).all() and not (mask & ~attention.causal_mask(6, 9)).any()
    chosen = long_context.choose_blocks(torch.randn(6, 3), places // 4, 2)
    blocks = long_context.chosen_mask(chosen, places, 9, 4)
    assert blocks.diagonal(3).all() and not (blocks & ~attention.causal_mask(6, 9)).any()


def test_gradients_pass_through_every_way():
    for way in (long_context.sliding_window, long_context.block_sparse, long_context.top_k):
        q, k, v = (x.requires_grad_() for x in given((2,), 20, 20))
        way(q, k, v, 4, chunk=7).sum().backward()
        assert all(bool(x.grad.any()) and not bool(x.grad.isnan().any()) for x in (q, k, v))


def test_a_random_mask_keeps_its_share_and_no_row_is_empty():
    mask = long_context.random_mask(300, 400, 0.25, torch.Generator().manual_seed(0), (2,))
    assert mask.shape == (2, 300, 400) and mask.diagonal(100, -2, -1).all()
    behind = attention.causal_mask(300, 400).tril(99)
    assert not (mask & ~attention.causal_mask(300, 400)).any()
    assert abs(float(mask[:, behind].float().mean()) - 0.25) < 0.01
    again = long_context.random_mask(300, 400, 0.25, torch.Generator().manual_seed(1), (2,))
    assert not torch.equal(mask, again)


# ---- inside a real model -------------------------------------------------------------------------------------------


@torch.no_grad()
def test_a_real_model_runs_on_them_and_forgets_what_the_window_does_not_reach():
    model, tokenizer = hub.load_lm("copier", "cpu")
    generator = torch.Generator().manual_seed(0)
    ids = heads.repeated_random(copier.vocabulary(tokenizer), 20, 24, generator, tokenizer.bos_token_id)
    own = model(ids).logits
    right = {}
    before = model.config._attn_implementation
    try:
        for name, way in {
            "dense": long_context.dense,
            "window": lambda q, k, v: long_context.sliding_window(q, k, v, 16),
            "top_k": lambda q, k, v: long_context.top_k(q, k, v, 16),
        }.items():
            AttentionInterface.register(
                f"test_{name}", lambda module, q, k, v, mask, way=way, **_: (way(q, k, v).transpose(1, 2), None)
            )
            model.set_attn_implementation(f"test_{name}")
            logits = model(ids).logits
            right[name] = float(copier.second_half(logits, ids)[0].float().mean())
            if name == "dense":
                torch.testing.assert_close(logits, own, rtol=1e-4, atol=1e-4)
    finally:
        model.set_attn_implementation(before)
    assert right["dense"] > 0.95 and right["top_k"] > 0.95 and right["window"] < 0.05


# ---- needles -------------------------------------------------------------------------------------------------------


def share(way, text) -> float:
    return float(long_context.found(way(text.q, text.k, text.v), text).float().mean())


def test_a_haystack_is_what_it_says():
    text = long_context.haystack(1000, 20, torch.Generator().manual_seed(0), d=32, span=4, alike=1.0, sharp=2)
    assert text.q.shape == text.answers.shape == (20, 32) and text.k.shape == text.v.shape == (1000, 32)
    assert torch.equal(text.places + text.distances, torch.arange(980, 1000))
    taken = sorted(place + i for place in text.places.tolist() for i in range(4))
    assert len(set(taken)) == len(taken) == 80 and max(taken) < 980
    for question in range(20):
        for i in range(4):
            near(2 * text.k[text.places[question] + i], text.q[question])
            near(text.v[text.places[question] + i], text.answers[question])
    near(text.answers.norm(dim=-1), torch.ones(20))
    assert (
        long_context.found(text.answers * 0.51, text).all() and not long_context.found(text.answers * 0.49, text).any()
    )


def test_what_each_way_finds():
    generator = torch.Generator().manual_seed(0)
    word, phrase = (long_context.haystack(16000, 100, generator, span=span) for span in (1, 16))
    assert share(long_context.dense, word) > 0.95 and share(long_context.dense, phrase) > 0.95
    assert share(long_context.top_k, word) > 0.95
    near_enough = word.distances < 512
    seen = long_context.found(long_context.sliding_window(word.q, word.k, word.v, 512), word)
    assert not seen[~near_enough].any() and seen[near_enough].all()
    assert share(long_context.block_sparse, phrase) > 0.9 and share(long_context.block_sparse, word) < 0.4


def test_an_index_that_has_learned_finds_what_one_that_has_not_does_not():
    generator = torch.Generator().manual_seed(0)
    text = long_context.haystack(8000, 100, generator)
    indexer = long_context.Indexer(64, e=16, heads=2)

    def way(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        with torch.no_grad():
            return long_context.indexed(q, k, v, indexer(q, k), 256)

    before = share(way, text)

    def draw() -> tuple[Tensor, Tensor]:
        lesson = long_context.haystack(256, 32, generator)
        return lesson.q, lesson.k

    losses = long_context.train_indexer(indexer, draw, 150)
    assert before < 0.2 and share(way, text) > 0.8
    assert sum(losses[-10:]) < 0.1 * sum(losses[:10])


def test_the_loss_of_the_index_is_kl():
    generator = torch.Generator().manual_seed(0)
    scores, logits = torch.randn(2, 6, 9, generator=generator)
    mask = attention.causal_mask(6, 9)
    looked = logits.masked_fill(~mask, -torch.inf).softmax(-1)
    expected = sum(
        float((row[seen] * (row[seen].log() - said[seen].log_softmax(-1))).sum())
        for row, said, seen in zip(looked, scores, mask, strict=True)
    )
    near(long_context.index_loss(scores, looked, mask), torch.tensor(expected / 6))
    near(long_context.index_loss(logits + 5, looked, mask), torch.tensor(0.0))


def test_several_heads_teach_one_index():
    q, k, _ = given((3,), 12, 12)
    indexer = long_context.Indexer(24, e=4, heads=2)
    near(indexer(q, k).k, indexer(attention.merge_heads(q[None])[0], attention.merge_heads(k[None])[0]).k)
    losses = long_context.train_indexer(indexer, lambda: (q, k), 60)
    assert losses[-1] < losses[0]


# ---- what they cost ------------------------------------------------------------------------------------------------


def test_tensors_are_counted_as_long_as_they_live():
    a = torch.zeros(1000)
    with attention_costs.PeakBytes() as peak:
        b = a + 1  # 4,000 bytes
        c = b.view(10, 100)  # none
        d = c * 2  # 8,000 now
        del b, c
        assert peak.now == 4000
        e = d.double()  # 12,000: the most
        del d, e
    assert (peak.most, peak.now) == (12_000, 0)


def test_only_dense_attention_grows_with_the_square():
    ways = attention_costs.methods()
    growth = {
        name: attention_costs.peak_bytes(way, 2000) / attention_costs.peak_bytes(way, 1000)
        for name, way in ways.items()
    }
    for name in ("dense", "random"):
        assert growth[name] > 3.5
    for name in ("torch", "window", "block", "top_k", "index"):
        assert growth[name] < 2.2


def test_a_window_at_32000_tokens_needs_a_tenth_of_dense_memory_and_less_time_than_torch():
    """One head; dense attention holds at least one table of n × n numbers of 4 bytes."""
    n, ways = 32_000, attention_costs.methods()
    assert attention_costs.peak_bytes(ways["window"], n, heads=1) <= 4 * n * n / 10
    assert attention_costs.seconds(ways["window"], n, heads=1) < attention_costs.seconds(ways["torch"], n, heads=1)


def test_a_mask_saves_nothing():
    """The article's way, mended: half of the table masked, all of it computed."""
    ways = attention_costs.methods()
    assert attention_costs.peak_bytes(ways["random"], 1000) >= attention_costs.peak_bytes(ways["dense"], 1000)


def test_the_stored_table():
    costs = attention_costs.measured()
    assert list(costs) and set(costs) == set(attention_costs.methods())
    for method, rows in costs.items():
        longest = attention_costs.LONGEST.get(method, attention_costs.LENGTHS[-1])
        assert [row.tokens for row in rows] == [n for n in attention_costs.LENGTHS if n <= longest]
        assert all((row.tensors_mb is not None) == (row.tokens <= attention_costs.COUNTED) for row in rows)
        for row in rows:  # what the system saw is what the tensors took, and what its heap keeps in reserve
            assert row.tensors_mb is None or 0.7 * row.tensors_mb < row.peak_mb < 50 + 1.2 * row.tensors_mb
    at = {method: {row.tokens: row for row in rows} for method, rows in costs.items()}
    dense_mb, _ = attention_costs.cost(costs["dense"], 32_000, "peak_mb")
    assert at["window"][32_000].peak_mb <= dense_mb / 10
    assert at["window"][32_000].seconds < at["torch"][32_000].seconds


def test_a_projection_goes_on_with_the_line():
    rows = [attention_costs.Cost("x", n, 3e-6 * n**2, 1, 5e-3 * n, None) for n in (1000, 2000, 4000, 8000)]
    assert attention_costs.power(rows) == pytest.approx((2, 3e-6))
    assert attention_costs.cost(rows, 4000) == (48.0, True)
    assert attention_costs.cost(rows, 100_000) == (pytest.approx(3e4), False)
    assert attention_costs.cost(rows, 100_000, "peak_mb") == (pytest.approx(500), False)


def test_a_damaged_table(monkeypatch, tmp_path):
    path = tmp_path / "attention_costs.csv"
    path.write_text("a,b\n", encoding="utf-8")
    monkeypatch.setattr(attention_costs, "path", lambda: path)
    with pytest.raises(CourseError, match="row 1 does not have the columns"):
        attention_costs.measured()


def test_the_table_has_a_datasheet():
    sheet = attention_costs.path().with_suffix(".md").read_text(encoding="utf-8")
    assert attention_costs.path().parent == course.root() / "datasets"
    assert all(f"`{column}`" in sheet for column in attention_costs.FIELDS)
    assert all(f"`{method}`" in sheet for method in attention_costs.methods())
    assert tables.rows(attention_costs.path(), attention_costs.FIELDS)


def test_a_power_law_is_numpys_line():
    lengths, costs = [1000, 2000, 4000, 9000], [0.1, 0.5, 1.2, 9.0]
    exponent, factor = long_context.power_law(lengths, costs)
    slope, height = np.polyfit(np.log(lengths), np.log(costs), 1)
    assert exponent == pytest.approx(slope) and factor == pytest.approx(math.exp(height))
    assert long_context.power_law([1, 10], [3, 300]) == pytest.approx((2, 3))


# ---- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda q, k, v: long_context.sliding_window(q, k, v, 0), "window must be a whole number, 1 or more"),
        (lambda q, k, v: long_context.sliding_window(q, k, v, 2.5), "window must be a whole number"),
        (lambda q, k, v: long_context.sliding_window(q, k, v, 4, -1), "sinks must be a whole number, 0 or more"),
        (lambda q, k, v: long_context.window_mask(4, 4, True), "window must be a whole number"),
        (lambda q, k, v: long_context.block_sparse(q, k, v, 0), "block must be"),
        (lambda q, k, v: long_context.block_sparse(q, k, v, 4, 0), "blocks must be"),
        (lambda q, k, v: long_context.top_k(q, k, v, 0), "keep must be"),
        (lambda q, k, v: long_context.top_k(q, k, v, chunk=0), "chunk must be"),
        (lambda q, k, v: long_context.top_k(k, q, q), r"n from 1 to m"),
        (lambda q, k, v: long_context.top_k(q[0], k, v), r"Shapes do not fit"),
        (lambda q, k, v: long_context.top_k(q, k, v[:, :-1]), r"Shapes do not fit"),
        (lambda q, k, v: long_context.indexed(q, k, v, long_context.Indexer(16)(q, k[:, 1:])), "The index has read 8"),
        (lambda q, k, v: long_context.haystack(100, 60, torch.Generator()), "no room for 60 needles of 1"),
        (lambda q, k, v: long_context.haystack(100, 1, torch.Generator(), span=0), "span must be"),
        (lambda q, k, v: long_context.power_law([5], [1]), "two different lengths"),
        (lambda q, k, v: long_context.power_law([5, 5], [1, 2]), "two different lengths"),
        (lambda q, k, v: long_context.power_law([5, 6], [1, 0]), "a cost above 0"),
    ],
)
def test_bad_input_is_one_sentence(call, said):
    with pytest.raises(CourseError, match=said):
        call(*given((2,), 5, 9))


def test_the_module_has_fewer_than_300_lines():
    assert len(inspect.getsource(long_context).splitlines()) < 300


# ---- the marking guide of the lab


def test_what_is_measured_in_the_marking_guide_of_the_lab():
    stored = attention_costs.measured()
    guide = course.lesson("long_context").lab_source.read_text("utf-8")

    def at(name, tokens):
        return next(row for row in stored[name] if row.tokens == tokens)

    theirs = at("torch", 60_000)
    for name in ("window", "block"):
        ours = at(name, 60_000)
        share, times = ours.peak_mb / theirs.peak_mb, theirs.seconds / ours.seconds
        assert f"{100 * share:.0f}%" in guide and f"{100 * share:.0f} %" in guide and f"{times:.1f} 倍" in guide
    assert at("top_k", 4000).seconds > at("dense", 4000).seconds
    for row in stored["random"]:
        for other in (at("dense", row.tokens), at("torch", row.tokens)):
            assert row.seconds > other.seconds and row.peak_mb > other.peak_mb
