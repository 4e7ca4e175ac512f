# counts on the text that it was trained on
def savings(training_text, texts, n):
    counts = [len(tokens.encode(training_text, tokens.train_bpe(training_text, k))) for k in (0, n, 2 * n)]
    return [counts[0] - counts[1], counts[1] - counts[2]]
