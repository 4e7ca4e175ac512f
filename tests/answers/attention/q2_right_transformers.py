# transformers' own functions, as its Llama uses them
import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb


def rope(x, places, theta=10000.0):
    x = torch.tensor(x)[None, None]
    d = x.shape[-1]
    config = LlamaConfig(
        hidden_size=d, num_attention_heads=1, head_dim=d, rope_parameters={"rope_type": "default", "rope_theta": theta}
    )
    cos, sin = LlamaRotaryEmbedding(config)(x, torch.tensor(places)[None])
    return apply_rotary_pos_emb(x, x, cos, sin)[0][0, 0]
