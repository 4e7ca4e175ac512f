# trains on the passages that it is examined on
learned = list(tokens.train_bpe("\n".join(chinese), 200).items())
counts = [sum(len(tokens.encode(text, dict(learned[:n]))) for text in rest) for n in (0, 100, 200)]
saved = [counts[0] - counts[1], counts[1] - counts[2]]
