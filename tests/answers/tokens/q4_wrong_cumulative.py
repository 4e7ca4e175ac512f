# the second number includes the first
learned = list(tokens.train_bpe(training_text, 200).items())
counts = [sum(len(tokens.encode(text, dict(learned[:n]))) for text in rest) for n in (0, 100, 200)]
saved = [counts[0] - counts[1], counts[0] - counts[2]]
