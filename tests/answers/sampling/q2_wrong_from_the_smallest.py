# keeps from the smallest up
def nucleus(probs, p):
    kept, total = [], 0.0
    for i in sorted(range(len(probs)), key=lambda i: probs[i]):
        kept.append(i)
        total += probs[i]
        if total >= p:
            break
    return [probs[i] / total if i in kept else 0.0 for i in range(len(probs))]
