# merges one place at a time: lowest rank first, then leftmost
def bpe(word, merges):
    tokens = [c for c in word]
    while True:
        fits = [(merges.index([a, b]), i) for i, (a, b) in enumerate(zip(tokens, tokens[1:])) if [a, b] in merges]
        if not fits:
            return tokens
        i = min(fits)[1]
        tokens = tokens[:i] + [tokens[i] + tokens[i + 1]] + tokens[i + 2 :]
