# drops the tokens that are cut instead of setting them to 0
def nucleus(probs, p):
    total, kept = 0.0, []
    for i in sorted(range(len(probs)), key=lambda i: -probs[i]):
        kept.append(i)
        total += probs[i]
        if total >= p:
            break
    return [probs[i] / total for i in sorted(kept)]
