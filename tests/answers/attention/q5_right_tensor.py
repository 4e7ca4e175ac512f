# torch throughout, and a tensor returned, as the lab allows
import torch


def which_head(model, first, second):
    def effects(texts, head):
        return torch.tensor([probability(model, text) - probability(model, text, head) for text in texts])

    chosen = max(range(len(model)), key=lambda head: float(effects(first, head).mean().abs()))
    found = effects(second, chosen)
    mean, half = found.mean(), 1.96 * found.std() / len(found) ** 0.5
    return torch.stack([torch.tensor(chosen), mean, mean - half, mean + half])
