# in per cent
def signal(rewards):
    G = len(rewards[0])
    counted = sum(0 < sum(row) < G for row in rewards) / len(rewards)
    p = sum(map(sum, rewards)) / (len(rewards) * G)
    return [100 * counted, 100 * (1 - p**G - (1 - p) ** G)]
