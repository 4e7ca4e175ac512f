# the cache itself, bit by bit, with torch
import torch


def kv_bytes(config, bits):
    layers, heads = config["num_hidden_layers"], config["num_attention_heads"]
    latent = config.get("kv_lora_rank", 0)
    if latent:
        kept = [torch.zeros(layers, latent), torch.zeros(layers, config["qk_rope_head_dim"])]
    else:
        shape = layers, config.get("num_key_value_heads", heads), config.get("head_dim", config["hidden_size"] // heads)
        kept = [torch.zeros(shape), torch.zeros(shape)]
    return sum(part.numel() for part in kept) * bits / 8
