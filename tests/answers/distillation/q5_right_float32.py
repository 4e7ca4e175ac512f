# torch's own numbers, which have seven digits
import torch


def shares(traces):
    kept = filter_traces(traces)["kept"]
    need = torch.tensor([carries(traces[i]) for i in kept]).float()
    return [len(kept) / len(traces), need.mean()]
