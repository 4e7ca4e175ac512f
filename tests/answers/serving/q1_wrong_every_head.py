# heads are counted, not groups
def kv_bytes(config, bits):
    heads = config["num_attention_heads"]
    head_dim = config.get("head_dim", config["hidden_size"] // heads)
    numbers = 2 * heads * head_dim
    if "kv_lora_rank" in config:
        numbers = config["kv_lora_rank"] + config["qk_rope_head_dim"]
    return config["num_hidden_layers"] * numbers * bits / 8
