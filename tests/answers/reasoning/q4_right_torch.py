# one wrong sample after the other, as they are picked; a torch number
import torch


def pass_at_k(right, n, k):
    wrong = n - torch.tensor(right, dtype=torch.float64)
    miss = torch.ones_like(wrong)
    for i in range(k):
        miss = miss * (wrong - i).clamp(min=0) / (n - i)
    return (1 - miss).mean()
