# encodes all the texts as one
def savings(training_text, texts, n):
    counts = [len(tokens.encode("".join(texts), tokens.train_bpe(training_text, k))) for k in (0, n, 2 * n)]
    return [counts[0] - counts[1], counts[1] - counts[2]]
