# how many groups, not which share
def signal(rewards):
    G = len(rewards[0])
    p = sum(map(sum, rewards)) / (len(rewards) * G)
    return [sum(0 < sum(row) < G for row in rewards), 1 - p**G - (1 - p) ** G]
