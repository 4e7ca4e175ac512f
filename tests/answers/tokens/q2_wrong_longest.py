# always the longest piece in the vocabulary
def bpe(word, merges):
    known = {a + b for a, b in merges}
    tokens = []
    while word:
        size = max([n for n in range(1, len(word) + 1) if word[:n] in known] or [1])
        tokens.append(word[:size])
        word = word[size:]
    return tokens
