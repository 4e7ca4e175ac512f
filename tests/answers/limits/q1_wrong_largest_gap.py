# the largest gap for the mean
def reliability(confidence, right, bins):
    places = [max(1, math.ceil(c * bins)) for c in confidence]
    table, ece = [], 0
    for b in sorted(set(places)):
        here = [i for i, p in enumerate(places) if p == b]
        mean = sum(confidence[i] for i in here) / len(here)
        acc = sum(right[i] for i in here) / len(here)
        table.append([len(here), mean, acc])
        ece = max(ece, abs(acc - mean))
    return [table, ece]
