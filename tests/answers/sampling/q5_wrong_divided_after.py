# divides the sum of the probabilities by the temperature
import math


def impossible(logits, possible, T):
    weights = [math.exp(z) for z in logits]
    return (1 - sum(weights[i] for i in possible) / sum(weights)) / T
