# merges whatever fits, from the left
def bpe(word, merges):
    tokens = list(word)
    i = 0
    while i < len(tokens) - 1:
        if [tokens[i], tokens[i + 1]] in merges:
            tokens[i : i + 2] = [tokens[i] + tokens[i + 1]]
            i = 0
        else:
            i += 1
    return tokens
