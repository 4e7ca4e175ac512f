# shares instead of numbers of tokens
learned = list(tokens.train_bpe(training_text, 200).items())
counts = [sum(len(tokens.encode(text, dict(learned[:n]))) for text in rest) for n in (0, 100, 200)]
saved = [1 - counts[1] / counts[0], 1 - counts[2] / counts[1]]
