# every missing key asked for by itself
def kv_bytes(config, bits):
    each = bits / 8
    if "kv_lora_rank" in config:
        return config["num_hidden_layers"] * each * (config["kv_lora_rank"] + config["qk_rope_head_dim"])
    head_dim, groups = config["hidden_size"] / config["num_attention_heads"], config["num_attention_heads"]
    if "head_dim" in config:
        head_dim = config["head_dim"]
    if "num_key_value_heads" in config:
        groups = config["num_key_value_heads"]
    return config["num_hidden_layers"] * groups * head_dim * 2 * each
