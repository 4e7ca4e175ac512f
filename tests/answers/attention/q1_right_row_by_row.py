# no tensors: for each query only the keys that it may see
import math


def attention(q, k, v):
    output = []
    for row, query in enumerate(q):
        last = len(k) - len(q) + row
        scores = [sum(a * b for a, b in zip(query, key)) / math.sqrt(len(query)) for key in k[: last + 1]]
        odds = [math.exp(score - max(scores)) for score in scores]
        output.append([sum(o * value[i] for o, value in zip(odds, v)) / sum(odds) for i in range(len(v[0]))])
    return output
