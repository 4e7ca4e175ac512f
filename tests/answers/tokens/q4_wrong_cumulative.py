# the second number includes the first
def savings(training_text, texts, n):
    ways = [tokens.train_bpe(training_text, k) for k in (0, n, 2 * n)]
    counts = [sum(len(tokens.encode(text, merges)) for text in texts) for merges in ways]
    return [counts[0] - counts[1], counts[0] - counts[2]]
