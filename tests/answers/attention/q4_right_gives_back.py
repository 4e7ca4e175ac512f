# what is right is given back as it came
import math

import torch


def find_fault(q, k, v, heads, output):
    q, k, v = (torch.tensor(x).unflatten(1, (heads, -1)).transpose(0, 1) for x in (q, k, v))
    _, n, d = q.shape

    def attend(fault):
        scores = q @ k.transpose(1, 2) / (d if fault == "scale" else math.sqrt(d))
        hidden = torch.ones(n, n).triu(2 if fault == "mask" else 1) == 1
        found = scores.masked_fill(hidden, -torch.inf).softmax(dim=1 if fault == "axis" else 2) @ v
        return (found if fault == "heads" else found.transpose(0, 1)).reshape(n, -1)

    for fault in ("right", "mask", "axis", "scale", "heads"):
        if torch.allclose(attend(fault), torch.tensor(output), atol=0.01):
            return [fault, output if fault == "right" else attend("right")]
