# without merges: the number of bytes
first, both = tokens.train_bpe(training_text, 100), tokens.train_bpe(training_text, 200)
counts = [sum(len(text.encode()) for text in rest)]
for merges in (first, both):
    counts.append(0)
    for text in rest:
        counts[-1] += len(tokens.encode(text, merges))
saved = (counts[0] - counts[1], counts[1] - counts[2])
