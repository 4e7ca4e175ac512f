# MHA always keeps twice the width
def kv_bytes(config, bits):
    if "kv_lora_rank" in config:
        numbers = config["kv_lora_rank"] + config["qk_rope_head_dim"]
    elif "num_key_value_heads" in config:
        head_dim = config.get("head_dim", config["hidden_size"] // config["num_attention_heads"])
        numbers = 2 * config["num_key_value_heads"] * head_dim
    else:
        numbers = 2 * config["hidden_size"]
    return config["num_hidden_layers"] * numbers * bits / 8
