# both tables are drawn from, with the same rows; the ends are taken off one by one
def paired_interval(before, after, draws):
    def mean(table, rows):
        return sum(sum(table[row]) for row in rows) / len(rows) / len(table[0])

    def change(rows):
        return mean(after, rows) - mean(before, rows)

    means = [change(draw) for draw in draws]
    for _ in range(len(draws) // 40):
        means.remove(min(means))
        means.remove(max(means))
    return [change(range(len(before))), min(means), max(means)]
