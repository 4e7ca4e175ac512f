# takes the likeliest and never looks at u
def pick(probs, u):
    return probs.index(max(probs))
