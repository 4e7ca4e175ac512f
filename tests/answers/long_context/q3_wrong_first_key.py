# the first key stands for the block
import torch


def choose_blocks(q, k, block, count):
    q, k = torch.as_tensor(q), torch.as_tensor(k)
    chosen = []
    for place, query in enumerate(q, start=len(k) - len(q)):
        own = place // block
        fit = [float(query @ k[b * block]) for b in range(own)]
        best = sorted(range(own), key=lambda b: (fit[b], b), reverse=True)
        chosen.append(sorted([own, *best[: count - 1]]))
    return chosen
