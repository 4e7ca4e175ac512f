# before less after
def paired_interval(before, after, draws):
    changes = [sum(a) / len(a) - sum(b) / len(b) for a, b in zip(before, after, strict=True)]
    means = sorted(sum(changes[row] for row in draw) / len(draw) for draw in draws)
    cut = len(draws) // 40
    return [sum(changes) / len(changes), means[cut], means[-1 - cut]]
