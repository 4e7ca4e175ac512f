# what is left instead of what is saved
def savings(training_text, texts, n):
    ways = [tokens.train_bpe(training_text, k) for k in (n, 2 * n)]
    return [sum(len(tokens.encode(text, merges)) for text in texts) for merges in ways]
