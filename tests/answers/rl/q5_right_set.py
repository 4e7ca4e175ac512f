# two different rewards in a row make a set of two
def signal(rewards):
    mixed = [len(set(row)) == 2 for row in rewards]
    flat = [r for row in rewards for r in row]
    p, size = sum(flat) / len(flat), len(rewards[0])
    return [sum(mixed) / len(mixed), 1 - p**size - (1 - p) ** size]
