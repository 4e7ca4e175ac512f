# counts groups that are all right
def signal(rewards):
    G = len(rewards[0])
    counted = sum(sum(row) > 0 for row in rewards) / len(rewards)
    p = sum(map(sum, rewards)) / (len(rewards) * G)
    return [counted, 1 - (1 - p) ** G]
