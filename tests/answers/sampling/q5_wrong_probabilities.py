# divides probabilities by the temperature, then takes softmax again
import torch


def impossible(logits, possible, T):
    probs = torch.tensor(logits).double().softmax(-1)
    return float(1 - (probs / T).softmax(-1)[possible].sum())
