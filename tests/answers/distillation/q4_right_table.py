# the table row by row, in NumPy's numbers
import numpy as np


def parameters(config):
    d, a = np.int64(config["hidden_size"]), config["head_dim"]
    h, k, f = config["num_attention_heads"], config["num_key_value_heads"], config["intermediate_size"]
    layer = [d * h * a, d * k * a, d * k * a, h * a * d, d * f, d * f, f * d, d, d]
    rows = [config["vocab_size"] * d, *layer * config["num_hidden_layers"], d]
    if not config["tie_word_embeddings"]:
        rows.append(config["vocab_size"] * d)
    return np.sum(rows)
