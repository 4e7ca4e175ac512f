# learns only n merges
def savings(training_text, texts, n):
    learned = list(tokens.train_bpe(training_text, n).items())
    counts = [sum(len(tokens.encode(text, dict(learned[:k]))) for text in texts) for k in (0, n, 2 * n)]
    return [counts[0] - counts[1], counts[1] - counts[2]]
