# torch's softmax, which does not overflow, and halving in equal steps from a range that is wide enough
import torch


def temperature_for(logits, wish):
    scores = torch.tensor(logits, dtype=torch.float64)
    low, high = 0.0, 1e5
    for _ in range(100):
        middle = (low + high) / 2
        if torch.softmax(scores / middle, -1).max() > wish:
            low = middle
        else:
            high = middle
    return (low + high) / 2
