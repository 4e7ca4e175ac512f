# rounds 2.5 % to the nearest number of draws
def paired_interval(before, after, draws):
    changes = [sum(b) / len(b) - sum(a) / len(a) for a, b in zip(before, after)]
    means = sorted(sum(changes[row] for row in draw) / len(draw) for draw in draws)
    cut = round(0.025 * len(draws))
    return [sum(changes) / len(changes), means[cut], means[-1 - cut]]
