# returns a tensor, as the lab allows
import numpy as np
import torch


def which_head(model, first, second):
    def table(texts):
        return np.array([[probability(model, x) - probability(model, x, h) for x in texts] for h in range(len(model))])

    head = int(np.argmax(np.abs(table(first).mean(axis=1))))
    row = table(second)[head]
    half = 1.96 * row.std(ddof=1) / np.sqrt(len(row))
    return torch.tensor([head, row.mean(), row.mean() - half, row.mean() + half])
