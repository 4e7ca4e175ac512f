# the fault whose output is nearest, head by head with torch's own attention where there is no fault
import torch
from torch.nn.functional import scaled_dot_product_attention


def find_fault(q, k, v, heads, output):
    q, k, v = (torch.tensor(x, dtype=torch.float64) for x in (q, k, v))
    parts = [
        [x[:, i::1][:, : x.shape[1] // heads] for x in (q, k, v)] for i in range(0, q.shape[1], q.shape[1] // heads)
    ]
    right = [scaled_dot_product_attention(*part, is_causal=True) for part in parts]

    def wrong(scale=0.5, further=0, axis=1):
        found = []
        for q_, k_, v_ in parts:
            scores = q_ @ k_.T / q_.shape[1] ** scale
            seen = torch.ones_like(scores, dtype=torch.bool).tril(further)
            found.append(torch.where(seen, scores, -torch.inf).softmax(axis) @ v_)
        return torch.cat(found, 1)

    given = {
        "right": torch.cat(right, 1),
        "mask": wrong(further=1),
        "axis": wrong(axis=0),
        "scale": wrong(scale=1),
        "heads": torch.cat(right).reshape(len(q), -1),
    }
    fault = min(given, key=lambda name: (given[name] - torch.tensor(output)).abs().max())
    return [fault, given["right"]]
