# the best first
import torch


def choose_blocks(q, k, block, count):
    q, k = torch.as_tensor(q), torch.as_tensor(k)
    chosen = []
    for place, query in enumerate(q, start=len(k) - len(q)):
        own = place // block
        fit = [float(query @ k[b * block : b * block + block].mean(0)) for b in range(own)]
        best = sorted(range(own), key=lambda b: (fit[b], b), reverse=True)
        chosen.append([own, *best[: count - 1]])
    return chosen
