# learns once, counts with a helper
def savings(training_text, texts, n):
    learned = list(tokens.train_bpe(training_text, 2 * n).items())

    def total(k):
        return sum(len(tokens.encode(text, dict(learned[:k]))) for text in texts)

    return [total(0) - total(n), total(n) - total(2 * n)]
