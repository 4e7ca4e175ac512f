# never merges
def bpe(word, merges):
    return list(word)
