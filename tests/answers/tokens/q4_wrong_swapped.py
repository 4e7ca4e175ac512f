# the later saving first
def savings(training_text, texts, n):
    counts = [
        sum(len(tokens.encode(text, tokens.train_bpe(training_text, k))) for text in texts) for k in (0, n, 2 * n)
    ]
    return [counts[1] - counts[2], counts[0] - counts[1]]
