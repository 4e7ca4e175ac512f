# each group with a p of its own
def signal(rewards):
    G = len(rewards[0])
    counted = sum(0 < sum(row) < G for row in rewards) / len(rewards)
    shares = [sum(row) / G for row in rewards]
    return [counted, sum(1 - p**G - (1 - p) ** G for p in shares) / len(shares)]
