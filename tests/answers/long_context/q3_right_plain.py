# plain Python


def choose_blocks(q, k, block, count):
    answer = []
    for number, query in enumerate(q):
        mine = (len(k) - len(q) + number) // block
        rivals = []
        for b in range(mine):
            keys = k[b * block : (b + 1) * block]
            mean = [sum(key[i] for key in keys) / len(keys) for i in range(len(query))]
            rivals.append((-sum(x * y for x, y in zip(query, mean, strict=True)), -b))
        rivals.sort()
        answer.append(sorted([mine] + [-b for _, b in rivals[: count - 1]]))
    return answer
