# starts from characters instead of bytes
learned = list(tokens.train_bpe(training_text, 200).items())
counts = [sum(len(tokens.encode(text, dict(learned[:n]))) for text in rest) for n in (100, 200)]
saved = [sum(map(len, rest)) - counts[0], counts[0] - counts[1]]
