# only one of the tables is drawn from
def paired_interval(before, after, draws):
    old = [sum(row) / len(row) for row in before]
    new = [sum(row) / len(row) for row in after]
    mean = sum(old) / len(old)
    means = sorted(sum(new[row] for row in draw) / len(draw) - mean for draw in draws)
    cut = len(draws) // 40
    return [sum(new) / len(new) - mean, means[cut], means[-1 - cut]]
