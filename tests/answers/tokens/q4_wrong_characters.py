# starts from characters instead of bytes
def savings(training_text, texts, n):
    a, b = (tokens.train_bpe(training_text, k) for k in (n, 2 * n))
    counts = [sum(map(len, texts)), *(sum(len(tokens.encode(text, m)) for text in texts) for m in (a, b))]
    return [counts[0] - counts[1], counts[1] - counts[2]]
