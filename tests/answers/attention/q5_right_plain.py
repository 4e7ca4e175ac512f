# no libraries but the standard one
from statistics import mean, stdev


def which_head(model, first, second):
    whole = {str(text): probability(model, text) for text in first + second}
    best, furthest = 0, -1.0
    for head in range(len(model)):
        effect = mean(whole[str(text)] - probability(model, text, head) for text in first)
        if abs(effect) > furthest:
            best, furthest = head, abs(effect)
    effects = [whole[str(text)] - probability(model, text, best) for text in second]
    half = 1.96 * stdev(effects) * len(effects) ** -0.5
    return (best, mean(effects), mean(effects) - half, mean(effects) + half)
