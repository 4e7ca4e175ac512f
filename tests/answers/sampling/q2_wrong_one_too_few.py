# leaves out the token with which the total reaches p
def nucleus(probs, p):
    total, kept = 0.0, []
    for i in sorted(range(len(probs)), key=lambda i: -probs[i]):
        if kept and total + probs[i] >= p:
            break
        kept.append(i)
        total += probs[i]
    return [probs[i] / total if i in kept else 0.0 for i in range(len(probs))]
