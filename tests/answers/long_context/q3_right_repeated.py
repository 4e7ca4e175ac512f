# the best one, again and again
import torch


def choose_blocks(q, k, block, count):
    q, k = torch.as_tensor(q), torch.as_tensor(k)
    means = [part.sum(0) / len(part) for part in k.split(block)]
    answer = []
    for i, query in enumerate(q):
        own = (len(k) - len(q) + i) // block
        chosen, left = {own}, list(range(own))
        while left and len(chosen) < count:
            best = left[0]
            for b in left:
                if means[b] @ query >= means[best] @ query:
                    best = b
            chosen.add(best)
            left.remove(best)
        answer.append(sorted(chosen))
    return answer
