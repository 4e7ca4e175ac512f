# one of the five is written wrong, none fits, and the loop ends without an answer
import torch


def find_fault(q, k, v, heads, output):
    q, k, v = (torch.tensor(x, dtype=torch.float64).unflatten(1, (heads, -1)).transpose(0, 1) for x in (q, k, v))
    output = torch.tensor(output, dtype=torch.float64)

    def attend(scale=0.5, further=0, axis=-1):
        scores = q @ k.transpose(1, 2) / q.shape[-1] ** scale
        seen = torch.ones(scores.shape[1:], dtype=torch.bool).tril(further)
        return torch.where(seen, scores, -torch.inf).softmax(axis) @ v

    right = attend()
    parts = {"right": right, "mask": attend(further=1), "axis": attend(axis=0), "scale": attend(scale=1)}
    for name, part in parts.items():
        if torch.allclose(part.transpose(0, 1).flatten(1), output):
            return [name, right.transpose(0, 1).flatten(1)]
    if torch.allclose(right.reshape(len(output), -1), output):
        return ["heads", right.transpose(0, 1).flatten(1)]
