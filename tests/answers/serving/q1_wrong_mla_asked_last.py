# MLA only where groups are missing
def kv_bytes(config, bits):
    heads = config["num_attention_heads"]
    head_dim = config.get("head_dim", config["hidden_size"] // heads)
    groups = config.get("num_key_value_heads", heads)
    numbers = 2 * groups * head_dim
    if "kv_lora_rank" in config and "num_key_value_heads" not in config:
        numbers = config["kv_lora_rank"] + config["qk_rope_head_dim"]
    return config["num_hidden_layers"] * numbers * bits / 8
