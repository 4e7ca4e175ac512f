# trains twice and counts with a helper
first, both = tokens.train_bpe(training_text, 100), tokens.train_bpe(training_text, 200)


def total(merges):
    return sum(len(tokens.encode(text, merges)) for text in rest)


saved = [total({}) - total(first), total(first) - total(both)]
