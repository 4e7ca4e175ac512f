# heads cut from d instead of head_dim
def parameters(config):
    d = config["hidden_size"]
    h, k, a = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
    q = d * d
    kv = d * (d // h) * k
    layer = 2 * q + 2 * kv + 3 * d * config["intermediate_size"] + 2 * d
    tables = 1 if config["tie_word_embeddings"] else 2
    return tables * config["vocab_size"] * d + config["num_hidden_layers"] * layer + d
