# gaps cancel out
def reliability(confidence, right, bins):
    table, ece = [], 0
    for b in range(1, bins + 1):
        low, high = (b - 1) / bins, b / bins
        here = [i for i, c in enumerate(confidence) if low < c <= high or (c == 0 and b == 1)]
        if here:
            mean = sum(confidence[i] for i in here) / len(here)
            accuracy = sum(right[i] for i in here) / len(here)
            table.append([len(here), mean, accuracy])
            ece += (accuracy - mean) * len(here) / len(confidence)
    return [table, ece]
