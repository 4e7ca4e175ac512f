# blocks to come may be chosen
import math

import torch


def choose_blocks(q, k, block, count):
    q, k = torch.as_tensor(q), torch.as_tensor(k)
    chosen = []
    for place, query in enumerate(q, start=len(k) - len(q)):
        own = place // block
        fit = [float(query @ k[b * block : b * block + block].mean(0)) for b in range(math.ceil(len(k) / block))]
        best = sorted(range(math.ceil(len(k) / block)), key=lambda b: (fit[b], b), reverse=True)
        chosen.append(sorted({own, *[x for x in best if x != own][: count - 1]}))
    return chosen
