"""Many texts at once from a small Llama: its forward pass written out over a cache that is laid out only once.

`transformers`' generate() carries every finished row to the end and copies the growing cache at each token; here the
prompt is read once for all samples of it, keys and values go into place, and finished rows are dropped. The tokens are
the same: the tests compare them one by one.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

Rule = Callable[[Tensor, Tensor], Tensor]  # logits (rows, vocab), tokens written so far (rows, n) → logits


class Decoder:
    """A LlamaForCausalLM's weights with room for `rows` texts of `length` tokens, filled up on the left."""

    def __init__(self, model, rows: int, length: int):
        self.model, self.config, self.body = model, model.config, model.model
        self.head_dim = self.body.layers[0].self_attn.head_dim
        shape = (self.config.num_hidden_layers, 2, rows, self.config.num_key_value_heads, length, self.head_dim)
        self.cache = torch.zeros(shape, dtype=model.dtype, device=model.device)
        self.visible = torch.zeros(rows, length, dtype=torch.bool, device=model.device)
        self.used = 0
        self.packed = [
            (
                torch.cat([a.q_proj.weight, a.k_proj.weight, a.v_proj.weight]),
                torch.cat([m.gate_proj.weight, m.up_proj.weight]),
            )
            for a, m in ((layer.self_attn, layer.mlp) for layer in self.body.layers)
        ]

    def keep(self, rows: Tensor) -> None:
        """Go on with these rows only (an index; a row may be named several times)."""
        cache = torch.zeros_like(self.cache[:, :, :1]).expand(-1, -1, len(rows), -1, -1, -1).contiguous()
        cache[..., : self.used, :] = self.cache[:, :, rows, :, : self.used]
        self.cache, self.visible = cache, self.visible[rows]

    def __call__(self, ids: Tensor, real: Tensor) -> Tensor:
        """Logits (rows, vocab) after the last of the new tokens `ids` (rows, n); real: False where a token is fill."""
        n, start = ids.shape[1], self.used
        self.used = end = start + n
        self.visible[:, start:end] = real
        places = (self.visible[:, :end].cumsum(-1) - 1).clamp(min=0)[:, start:]
        h = self.body.embed_tokens(ids)
        cos, sin = (table.unsqueeze(1) for table in self.body.rotary_emb(h, places))
        columns = torch.arange(end, device=ids.device)
        causal = columns <= columns[start:, None]
        itself = columns == columns[start:, None]  # fill looks at itself, at nothing it would be undefined
        mask = (self.visible[:, None, None, :end] & causal) | itself
        for i, layer in enumerate(self.body.layers):
            h = h + self._attend(i, layer, norm(h, layer.input_layernorm), cos, sin, mask)
            gate, up = F.linear(norm(h, layer.post_attention_layernorm), self.packed[i][1]).chunk(2, -1)
            h = h + layer.mlp.down_proj(F.silu(gate) * up)
        return self.model.lm_head(norm(h[:, -1], self.body.norm))

    def _attend(self, i: int, layer, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        B, n, _ = x.shape
        heads, groups = self.config.num_attention_heads, self.config.num_key_value_heads
        qkv = F.linear(x, self.packed[i][0]).view(B, n, heads + 2 * groups, self.head_dim).transpose(1, 2)
        q, k, v = qkv.split([heads, groups, groups], 1)
        k_all, v_all = self.cache[i, :, :, :, : self.used]
        k_all[:, :, -n:], v_all[:, :, -n:] = rotate(k, cos, sin), v
        out = F.scaled_dot_product_attention(rotate(q, cos, sin), k_all, v_all, mask, enable_gqa=heads != groups)
        return layer.self_attn.o_proj(out.transpose(1, 2).reshape(B, n, -1))


def norm(x: Tensor, layer) -> Tensor:
    """Llama's RMS norm: x divided by its root mean square, times the layer's weights."""
    return F.rms_norm(x, x.shape[-1:], layer.weight, layer.variance_epsilon)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions (Su et al. 2021), in Llama's order of halves. x: (B, heads, n, head_dim)."""
    left, right = x.chunk(2, -1)
    return x * cos + torch.cat([-right, left], -1) * sin


@torch.inference_mode()
def rollout(
    model,
    prompts: Sequence[Sequence[int]],
    *,
    max_new_tokens: int,
    temperature: float = 0.0,
    samples: int = 1,
    generator: torch.Generator | None = None,
    rule: Rule | None = None,
) -> list[list[int]]:
    """What the model writes after each prompt (ids), its end token included: `samples` texts per prompt, side by side.

    temperature: 0 always takes the likeliest token (greedy), else samples. rule: changes the logits before the choice.
    A text that reaches max_new_tokens stops without an end token.
    """
    device, eos = model.device, model.config.eos_token_id
    width = max(map(len, prompts))
    ids = torch.tensor([[0] * (width - len(p)) + list(p) for p in prompts], device=device)
    real = torch.tensor([[False] * (width - len(p)) + [True] * len(p) for p in prompts], device=device)
    decoder = Decoder(model, len(prompts), width + max_new_tokens)
    logits = decoder(ids, real)
    if samples > 1:
        rows = torch.arange(len(prompts), device=device).repeat_interleave(samples)
        decoder.keep(rows)
        logits = logits[rows]
    total = len(logits)
    written = torch.zeros(total, max_new_tokens, dtype=torch.long, device=device)
    lengths = torch.full((total,), max_new_tokens, device=device)
    live = torch.arange(total, device=device)  # the texts that the decoder's rows belong to
    done = torch.zeros(total, dtype=torch.bool, device=device)  # of the decoder's rows
    for step in range(max_new_tokens):
        if rule:
            logits = rule(logits, written[live, :step])
        if temperature == 0:
            token = logits.argmax(-1)
        else:
            token = torch.multinomial((logits.float() / temperature).softmax(-1), 1, generator=generator)[:, 0]
        written[live[~done], step] = token[~done]
        ended = (token == eos) & ~done
        lengths[live[ended]] = step + 1
        done = done | ended
        if bool(done.all()) or step + 1 == max_new_tokens:
            break
        if int(done.sum()) * 4 >= len(done):
            left = (~done).nonzero()[:, 0]
            decoder.keep(left)
            live, token, done = live[left], token[left], done[left]
        logits = decoder(token[:, None], torch.ones(len(token), 1, dtype=torch.bool, device=device))
    return [row[:n] for row, n in zip(written.tolist(), lengths.tolist(), strict=True)]


def of_like_length(lengths: Sequence[int], tokens: int = 1500) -> Iterator[list[int]]:
    """The indices of texts from short to long, in parts that fill up to no more than `tokens`, or hold one text."""
    part: list[int] = []
    for i in sorted(range(len(lengths)), key=lengths.__getitem__):
        if part and (len(part) + 1) * lengths[i] > tokens:
            yield part
            part = []
        part.append(i)
    yield part
