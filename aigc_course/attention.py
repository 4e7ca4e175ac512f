"""Attention: how a token takes in what stands before it, from one dot product to a complete Llama.

Vaswani et al. 2017 (arXiv:1706.03762). In shapes, B is texts, n tokens, m the tokens that can be looked at, d the
numbers per head. The forward pass is Llama's (arXiv:2302.13971), on the weights of a transformers LlamaForCausalLM.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from aigc_course.errors import CourseError
from aigc_course.sampling import softmax

Head = tuple[int, int]  # (layer, head), both from 0
Weights = Mapping[str, Tensor]  # what model.state_dict() gives

# ---- one head ------------------------------------------------------------------------------------------------------


def causal_mask(n: int, m: int | None = None) -> Tensor:
    """(n, m), True where a token may look: at itself and to its left. The n tokens are the last of m (n if None)."""
    m = n if m is None else m
    if not 1 <= n <= m:
        raise CourseError(
            f"{n} 个 token 不可能是 {m} 个里的最后几个：n 要在 1 和 m 之间。",
            f"{n} tokens cannot be the last of {m}: n must lie between 1 and m.",
        )
    return torch.ones(n, m, dtype=torch.bool).tril(m - n)


def scaled_dot_product_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """(output (…, n, d), attention (…, n, m)): softmax(q kᵀ / √d) v; each row of attention sums to 1.

    q: (…, n, d) queries, k, v: (…, m, d) keys and values. mask: (…, n, m), True where to look; each row needs one True.
    """
    if q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise CourseError(
            f"形状对不上：q {tuple(q.shape)}、k {tuple(k.shape)}、v {tuple(v.shape)}；"
            "q 和 k 的最后一维要相同，k 和 v 的行数要相同。",
            f"Shapes do not fit: q {tuple(q.shape)}, k {tuple(k.shape)}, v {tuple(v.shape)}; "
            "q and k need the same last size, k and v the same number of rows.",
        )
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask, -torch.inf)
    attention = softmax(scores.float()).to(q.dtype)
    return attention @ v, attention


# ---- several heads -------------------------------------------------------------------------------------------------


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(B, n, heads · d) → (B, heads, n, d): each head gets its own slice of the numbers."""
    _share(x.shape[-1], heads, ("个数", "个头"), ("numbers", "heads"))
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge_heads(x: Tensor) -> Tensor:
    """(B, heads, n, d) → (B, n, heads · d): what the heads found, side by side."""
    return x.transpose(1, 2).flatten(2)


def repeat_kv(x: Tensor, heads: int) -> Tensor:
    """(B, groups, n, d) → (B, heads, n, d): grouped-query attention, several heads share keys and values
    (Ainslie et al. 2023, arXiv:2305.13245)."""
    _share(heads, x.shape[1], ("个头", "组 key 和 value"), ("heads", "groups of keys and values"))
    return x.repeat_interleave(heads // x.shape[1], dim=1)


# ---- positions -----------------------------------------------------------------------------------------------------


def rope_tables(places: Tensor, d: int, theta: float = 10_000.0) -> tuple[Tensor, Tensor]:
    """(cos, sin), each (…, n, d), of the angles by which RoPE turns; places: (…, n), from 0 (arXiv:2104.09864).

    Pair i turns by theta^(-2i/d) radians per place: the first pair fast, the last slowly.
    """
    if d % 2:
        raise CourseError(
            f"RoPE 把数两两配对来转，d 要是偶数，现在是 {d}。",
            f"RoPE turns pairs of numbers, so d must be even; it is {d}.",
        )
    speeds = theta ** (-torch.arange(0, d, 2, device=places.device).float() / d)
    angles = (places[..., None].float() * speeds).repeat(*[1] * places.ndim, 2)
    return angles.cos(), angles.sin()


def apply_rope(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair of x (…, n, d) by the angle of its place. As in transformers' Llama, number i is paired with
    number i + d/2; the paper pairs neighbours. q · k then depends on the distance of their places only."""
    left, right = x.chunk(2, dim=-1)
    return x * cos.to(x.dtype) + torch.cat([-right, left], dim=-1) * sin.to(x.dtype)


# ---- the rest of a block -------------------------------------------------------------------------------------------


def rms_norm(x: Tensor, weight: Tensor, eps: float = 1e-6) -> Tensor:
    """x divided by its root mean square over the last axis, times weight (Zhang & Sennrich 2019, arXiv:1910.07467)."""
    wide = x.float()
    return weight * (wide * (wide.square().mean(-1, keepdim=True) + eps).rsqrt()).to(x.dtype)


def swiglu(x: Tensor, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """down(silu(gate x) · up x), the feed-forward part (Shazeer 2020, arXiv:2002.05202); weights are (out, in)."""
    opened = x @ gate.T
    return (opened * opened.sigmoid() * (x @ up.T)) @ down.T


# ---- a complete Llama ----------------------------------------------------------------------------------------------


class KVCache:
    """Keys and values of the tokens read so far: give the same cache to `forward` again with the next tokens only."""

    def __init__(self):
        self.layers: dict[int, tuple[Tensor, Tensor]] = {}  # each (B, groups, tokens so far, d)
        self.real: Tensor | None = None  # (B, tokens so far), False where a token is fill

    def add(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append the new keys and values of a layer; returns all of them."""
        if layer in self.layers:
            k, v = (torch.cat(both, dim=2) for both in zip(self.layers[layer], (k, v), strict=True))
        self.layers[layer] = k, v
        return k, v

    @property
    def nbytes(self) -> int:
        """The memory it holds now, in bytes, measured."""
        return sum(x.untyped_storage().nbytes() for pair in self.layers.values() for x in pair)


def cache_bytes(config, tokens: int, texts: int = 1, bytes_per_number: int = 4) -> int:
    """The same by formula: 2 (keys and values) · layers · groups · d · tokens · texts · bytes per number."""
    numbers = 2 * config.num_hidden_layers * config.num_key_value_heads * config.head_dim * tokens * texts
    return numbers * bytes_per_number


class Output(NamedTuple):
    """logits: (B, n, vocab), for the token after each. If asked for, one tensor per layer: attention (B, heads, n, m);
    heads (B, heads, n, d), what each head found, before the output projection."""

    logits: Tensor
    attention: list[Tensor]
    heads: list[Tensor]


@torch.no_grad()
def forward(
    weights: Weights,
    config,
    ids: Tensor,
    real: Tensor | None = None,
    cache: KVCache | None = None,
    ablate: Mapping[Head, Tensor | float] | None = None,
    keep: bool = False,
) -> Output:
    """A LlamaForCausalLM's (or Qwen3's) forward pass; weights and config: its `state_dict()` and `config`. ids: (B, n).

    real: (B, n), False where a token is fill, on whichever side. cache: what was read before; it grows. keep: also
    return attention and heads. ablate: heads whose output is replaced, at every token by 0 or by a vector (d,), or at
    each token by its own, (n, d) or (B, n, d): what another text gave there, say.
    0 also takes away the constant that later layers count on, so things may break for no reason of content;
    the head's own mean (`head_means`) takes away only what depends on the text: prefer it for a claim.
    """
    ablate, cache = ablate or {}, KVCache() if cache is None else cache
    _check(weights, config, ids, real, cache, ablate)
    real = torch.ones_like(ids, dtype=torch.bool) if real is None else real.bool()
    cache.real = real if cache.real is None else torch.cat([cache.real, real], dim=1)
    n, m = ids.shape[1], cache.real.shape[1]
    places = (cache.real.cumsum(1) - 1).clamp(min=0)[:, None, -n:]
    rope = rope_tables(places, config.head_dim, config.rope_parameters["rope_theta"])
    itself = torch.eye(m, dtype=torch.bool, device=ids.device)[-n:]  # fill sees itself: a row needs something to see
    mask = (causal_mask(n, m).to(ids.device) & cache.real[:, None, None]) | itself
    h, attention, heads = weights["model.embed_tokens.weight"][ids], [], []
    for layer in range(config.num_hidden_layers):
        replaced = {head: value for (at, head), value in ablate.items() if at == layer}
        h, seen, found = block(h, weights, config, layer, rope, mask, cache, replaced)
        if keep:
            attention.append(seen)
            heads.append(found)
    h = rms_norm(h, weights["model.norm.weight"], config.rms_norm_eps)
    out = weights["model.embed_tokens.weight" if config.tie_word_embeddings else "lm_head.weight"]
    return Output(h @ out.T, attention, heads)


def block(
    h: Tensor,
    weights: Weights,
    config,
    layer: int,
    rope: tuple[Tensor, Tensor],
    mask: Tensor,
    cache: KVCache,
    replaced: Mapping[int, Tensor | float],
) -> tuple[Tensor, Tensor, Tensor]:
    """One layer: h (B, n, width), then attention's finds added to it, then the feed-forward part's.

    Returns (h, attention, heads), the last two as in `Output`. replaced: head → its output instead.
    """

    def w(name: str) -> Tensor:
        return weights[f"model.layers.{layer}.{name}.weight"]

    x = rms_norm(h, w("input_layernorm"), config.rms_norm_eps)
    q = split_heads(x @ w("self_attn.q_proj").T, config.num_attention_heads)
    k = split_heads(x @ w("self_attn.k_proj").T, config.num_key_value_heads)
    v = split_heads(x @ w("self_attn.v_proj").T, config.num_key_value_heads)
    if config.model_type == "qwen3":  # the one thing in which it differs (arXiv:2505.09388)
        q, k = (rms_norm(each, w(f"self_attn.{name}_norm"), config.rms_norm_eps) for each, name in ((q, "q"), (k, "k")))
    q, k = apply_rope(q, *rope), apply_rope(k, *rope)
    k, v = (repeat_kv(each, config.num_attention_heads) for each in cache.add(layer, k, v))
    found, attention = scaled_dot_product_attention(q, k, v, mask)
    for head, value in replaced.items():
        found[:, head] = value
    h = h + merge_heads(found) @ w("self_attn.o_proj").T
    x = rms_norm(h, w("post_attention_layernorm"), config.rms_norm_eps)
    return h + swiglu(x, w("mlp.gate_proj"), w("mlp.up_proj"), w("mlp.down_proj")), attention, found


def greedy(
    weights: Weights, config, ids: Sequence[int], max_new_tokens: int, end: int | None = None, cached: bool = True
) -> list[int]:
    """`ids` and what the model writes after them, always the likeliest token; it stops after `end`.

    cached: read the prompt once (pre-fill), then one token at a time; else read everything again for each token.
    """
    device, cache = weights["model.norm.weight"].device, KVCache() if cached else None
    new = ids = list(ids)
    for _ in range(max_new_tokens):
        logits = forward(weights, config, torch.tensor([new], device=device), cache=cache).logits
        ids.append(int(logits[0, -1].argmax()))
        new = ids[-1:] if cached else ids
        if ids[-1] == end:
            break
    return ids


def _share(whole: int, parts: int, zh: tuple[str, str], en: tuple[str, str]) -> None:
    if whole % parts:
        raise CourseError(
            f"{whole} {zh[0]}不能平分给 {parts} {zh[1]}，请换一个头数。",
            f"{whole} {en[0]} cannot be shared equally among {parts} {en[1]}: choose another number of heads.",
        )


def _check(weights: Weights, config, ids: Tensor, real: Tensor | None, cache: KVCache, ablate: Mapping) -> None:
    plain = {"hidden_act": "silu", "attention_bias": False, "mlp_bias": False, "use_sliding_window": False}
    odd = [name for name, value in plain.items() if getattr(config, name, value) != value]
    rope = (getattr(config, "rope_parameters", None) or {}).get("rope_type")
    if odd or rope != "default" or config.model_type not in ("llama", "qwen3"):
        raise CourseError(
            "这里的前向计算只认识普通的 Llama 和 Qwen3（激活函数 silu，没有偏置，RoPE 不缩放），请换一个模型。",
            "This forward pass knows plain Llamas and Qwen3s only (activation silu, no biases, RoPE not scaled): "
            "choose another model.",
        )
    last = f"model.layers.{config.num_hidden_layers - 1}.mlp.down_proj.weight"
    head = "model.norm.weight" if config.tie_word_embeddings else "lm_head.weight"
    if missing := [name for name in ("model.embed_tokens.weight", last, head) if name not in weights]:
        raise CourseError(
            f"weights 里没有 {missing[0]}：请给整个模型的 model.state_dict()，和同一个模型的 config。",
            f"weights lacks {missing[0]}: give model.state_dict() of the whole model, and the config of the same.",
        )
    if ids.ndim != 2 or not ids.numel() or ids.is_floating_point():
        raise CourseError(
            f"ids 要是整数，形状（文本数, token 数），都不为 0；现在的形状是 {tuple(ids.shape)}。",
            f"ids must be whole numbers of shape (texts, tokens), neither 0; its shape is {tuple(ids.shape)}.",
        )
    if not 0 <= int(ids.min()) <= int(ids.max()) < config.vocab_size:
        raise CourseError(
            f"有的 id 不在词表里（0 到 {config.vocab_size - 1}）：请用这个模型自己的 tokenizer。",
            f"Some id is not in the vocabulary (0 to {config.vocab_size - 1}): use this model's own tokenizer.",
        )
    if real is not None and real.shape != ids.shape:
        raise CourseError(
            f"real 的形状要和 ids 一样，是 {tuple(ids.shape)}，现在是 {tuple(real.shape)}。",
            f"real must have the shape of ids, {tuple(ids.shape)}, but has {tuple(real.shape)}.",
        )
    if cache.real is not None and len(cache.real) != len(ids):
        raise CourseError(
            f"这份缓存里有 {len(cache.real)} 段文本，现在给了 {len(ids)} 段：请为它们新建 KVCache()。",
            f"This cache holds {len(cache.real)} texts, but {len(ids)} are given: make a new KVCache() for them.",
        )
    for (layer, head), value in ablate.items():
        if not (0 <= layer < config.num_hidden_layers and 0 <= head < config.num_attention_heads):
            layers, heads = config.num_hidden_layers - 1, config.num_attention_heads - 1
            raise CourseError(
                f"没有第 {layer} 层第 {head} 个头：层从 0 到 {layers}，头从 0 到 {heads}。",
                f"There is no head {head} in layer {layer}: layers go from 0 to {layers}, heads from 0 to {heads}.",
            )
        shape, whole = tuple(getattr(value, "shape", ())), (*ids.shape, config.head_dim)
        if shape and shape not in (whole[2:], whole[1:], whole):
            raise CourseError(
                f"第 {layer} 层第 {head} 个头换上的向量要有 {config.head_dim} 个数，现在的形状是 {shape}。",
                f"The vector for head {head} of layer {layer} needs {config.head_dim} numbers; its shape is {shape}.",
            )
