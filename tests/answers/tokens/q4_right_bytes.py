# without merges: the number of bytes; trains twice
def savings(training_text, texts, n):
    counts = [sum(len(text.encode()) for text in texts)]
    for merges in (tokens.train_bpe(training_text, n), tokens.train_bpe(training_text, 2 * n)):
        counts.append(0)
        for text in texts:
            counts[-1] += len(tokens.encode(text, merges))
    return counts[0] - counts[1], counts[1] - counts[2]
