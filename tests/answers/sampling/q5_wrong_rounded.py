# rounds to whole per cent
invalid = []
for T in (1, 1.5, 2):
    weights = [math.exp(z / T) for z in logits]
    invalid.append(round(1 - sum(weights[i] for i in possible) / sum(weights), 2))
