# counts groups that are all wrong
def signal(rewards):
    G = len(rewards[0])
    counted = sum(sum(row) < G for row in rewards) / len(rewards)
    p = sum(map(sum, rewards)) / (len(rewards) * G)
    return [counted, 1 - p**G]
