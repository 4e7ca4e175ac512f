# cuts from the least likely up, while the rest still reaches p
def nucleus(probs, p):
    kept = dict(enumerate(probs))
    for i in sorted(kept, key=kept.get):
        if len(kept) > 1 and sum(kept.values()) - probs[i] >= p:
            del kept[i]
    return [kept.get(i, 0.0) / sum(kept.values()) for i in range(len(probs))]
