# shares instead of numbers of tokens
def savings(training_text, texts, n):
    ways = [tokens.train_bpe(training_text, k) for k in (0, n, 2 * n)]
    counts = [sum(len(tokens.encode(text, merges)) for text in texts) for merges in ways]
    return [1 - counts[1] / counts[0], 1 - counts[2] / counts[1]]
