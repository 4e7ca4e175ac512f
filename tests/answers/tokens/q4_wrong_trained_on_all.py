# trains on the texts that it is examined on, too
def savings(training_text, texts, n):
    ways = [tokens.train_bpe("\n".join([training_text, *texts]), k) for k in (0, n, 2 * n)]
    counts = [sum(len(tokens.encode(text, merges)) for text in texts) for merges in ways]
    return [counts[0] - counts[1], counts[1] - counts[2]]
