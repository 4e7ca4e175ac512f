# renormalises by softmax, which changes the ratios
import math


def nucleus(probs, p):
    total, kept = 0.0, []
    for i in sorted(range(len(probs)), key=lambda i: -probs[i]):
        kept.append(i)
        total += probs[i]
        if total >= p:
            break
    weights = sum(math.exp(probs[i]) for i in kept)
    return [math.exp(probs[i]) / weights if i in kept else 0.0 for i in range(len(probs))]
