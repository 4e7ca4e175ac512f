# torch's numbers of seven digits
import torch


def gate(drafts, most):
    handed, looked = [], 0
    for some in drafts:
        passes = [ok for ok, _ in some[:most]]
        first = passes.index(True) if True in passes else None
        looked += len(passes) if first is None else first + 1
        handed += [] if first is None else [float(some[first][1])]
    good = torch.tensor(handed).mean() if handed else 0
    return [torch.tensor(len(handed) / len(drafts)), good, torch.tensor(looked / len(drafts))]
