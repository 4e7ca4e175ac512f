# one layer only
def parameters(config):
    d = config["hidden_size"]
    h, k, a = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
    q = d * h * a
    kv = d * k * a
    layer = 2 * q + 2 * kv + 3 * d * config["intermediate_size"] + 2 * d
    tables = 1 if config["tie_word_embeddings"] else 2
    return tables * config["vocab_size"] * d + 1 * layer + d
