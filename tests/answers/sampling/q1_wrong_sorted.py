# sorts first, so u meets another token's share
def pick(probs, u):
    total = 0.0
    for i in sorted(range(len(probs)), key=lambda i: -probs[i]):
        total += probs[i]
        if total > u:
            return i
    return i
