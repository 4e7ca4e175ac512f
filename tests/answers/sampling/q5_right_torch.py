# torch, and the impossible ones added up directly
import torch


def impossible(logits, possible, T):
    probs = (torch.tensor(logits) / T).softmax(-1)
    others = [i for i in range(len(logits)) if i not in possible]
    return probs[others].sum()
