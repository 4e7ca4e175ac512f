# the middle of the bin for its mean confidence
def reliability(confidence, right, bins):
    places = [max(1, math.ceil(c * bins)) for c in confidence]
    table, ece = [], 0
    for b in sorted(set(places)):
        here = [i for i, p in enumerate(places) if p == b]
        mean = (b - 0.5) / bins
        acc = sum(right[i] for i in here) / len(here)
        table.append([len(here), mean, acc])
        ece += abs(acc - mean) * len(here) / len(confidence)
    return [table, ece]
