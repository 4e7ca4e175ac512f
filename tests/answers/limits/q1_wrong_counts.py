# how many are right, not their share
def reliability(confidence, right, bins):
    places = [max(1, math.ceil(c * bins)) for c in confidence]
    table, ece = [], 0
    for b in sorted(set(places)):
        here = [i for i, p in enumerate(places) if p == b]
        mean = sum(confidence[i] for i in here) / len(here)
        acc = sum(right[i] for i in here) / len(here)
        table.append([len(here), mean, sum(right[i] for i in here)])
        ece += abs(acc - mean) * len(here) / len(confidence)
    return [table, ece]
