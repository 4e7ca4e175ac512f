# the share without a signal
def signal(rewards):
    G = len(rewards[0])
    counted = sum(sum(row) in (0, G) for row in rewards) / len(rewards)
    p = sum(map(sum, rewards)) / (len(rewards) * G)
    return [counted, p**G + (1 - p) ** G]
