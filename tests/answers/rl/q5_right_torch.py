# torch: a deviation above 0
import torch


def signal(rewards):
    table = torch.tensor(rewards, dtype=torch.float64)
    p, size = table.mean(), table.shape[1]
    counted = (table.max(1).values > table.min(1).values).double().mean()
    return [float(counted), float(1 - p**size - (1 - p) ** size)]
