# uses the next n merges without the first n
def savings(training_text, texts, n):
    learned = list(tokens.train_bpe(training_text, 2 * n).items())
    none, a, b = (
        sum(len(tokens.encode(text, dict(some))) for text in texts) for some in ([], learned[:n], learned[n:])
    )
    return [none - a, none - b]
