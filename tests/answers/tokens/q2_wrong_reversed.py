# uses the rule learned last first
def bpe(word, merges):
    tokens = list(word)
    while True:
        fits = [(merges.index([a, b]), i) for i, (a, b) in enumerate(zip(tokens, tokens[1:])) if [a, b] in merges]
        if not fits:
            return tokens
        i = max(fits)[1]
        tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
