# chunks of 1000 in double precision, torch's own attention in each
import torch


@measured  # noqa: F821 (the notebook has it)
def sliding_window(q, k, v, window, sinks):
    q, k, v = q.double(), k.double(), v.double()
    offset, output = len(k) - len(q), torch.empty(len(q), v.shape[1], dtype=torch.float64)
    for first in range(0, len(q), 1000):
        rows = torch.arange(first, min(first + 1000, len(q)))
        places = rows + offset
        low, high = max(int(places[0]) - window + 1, 0), int(places[-1]) + 1
        keys = torch.tensor([s for s in range(min(sinks, low))] + [s for s in range(low, high)])
        back = places[:, None] - keys
        mask = (back >= 0) & ((back < window) | (keys < sinks))
        output[rows] = torch.nn.functional.scaled_dot_product_attention(q[rows], k[keys], v[keys], attn_mask=mask)
    return output
