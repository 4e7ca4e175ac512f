# mean tokens divided by the share that is right; torch numbers
import torch


def cost(replies, answers):
    tokens = torch.tensor([len(reply.ids) for reply in replies], dtype=torch.float64)
    right = torch.tensor([reply.answer == answer for reply, answer in zip(replies, answers)])
    return tokens.mean() / right.double().mean()


price = {name: tuple(cost(written[name][n], truth[n]) for n in (1, 5)) for name in ("reasoner", "direct")}
