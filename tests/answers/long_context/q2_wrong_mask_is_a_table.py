# torch's attention never holds the scores, but the mask is a table
import torch


@measured  # noqa: F821 (the notebook has it)
def sliding_window(q, k, v, window, sinks):
    n, m = len(q), len(k)
    places, keys = torch.arange(m - n, m)[:, None], torch.arange(m)
    seen = (keys <= places) & ((keys > places - window) | (keys < sinks))
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=seen)
