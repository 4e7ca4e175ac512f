# chosen by luck
import random


def choose_blocks(q, k, block, count):
    answer = []
    for place in range(len(k) - len(q), len(k)):
        own = place // block
        answer.append(sorted([own, *random.sample(range(own), min(count - 1, own))]))
    return answer
