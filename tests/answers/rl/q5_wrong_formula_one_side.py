# forgets the groups that are all right in the formula
def signal(rewards):
    G = len(rewards[0])
    counted = sum(0 < sum(row) < G for row in rewards) / len(rewards)
    p = sum(map(sum, rewards)) / (len(rewards) * G)
    return [counted, 1 - (1 - p) ** G]
