# one too few is dropped at the upper end
def paired_interval(before, after, draws):
    changes = [sum(b) / len(b) - sum(a) / len(a) for a, b in zip(before, after, strict=True)]
    means = sorted(sum(changes[row] for row in draw) / len(draw) for draw in draws)
    cut = len(draws) // 40
    return [sum(changes) / len(changes), means[cut], means[-cut] if cut else means[-1]]
