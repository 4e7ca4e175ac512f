# the own block has to win its place
import torch


def choose_blocks(q, k, block, count):
    q, k = torch.as_tensor(q), torch.as_tensor(k)
    chosen = []
    for place, query in enumerate(q, start=len(k) - len(q)):
        own = place // block
        fit = [float(query @ k[b * block : b * block + block].mean(0)) for b in range(own + 1)]
        best = sorted(range(own + 1), key=lambda b: (fit[b], b), reverse=True)
        chosen.append(sorted(best[:count]))
    return chosen
