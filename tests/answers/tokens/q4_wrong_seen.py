# counts on the passages it was trained on
learned = list(tokens.train_bpe(training_text, 200).items())
counts = [sum(len(tokens.encode(text, dict(learned[:n]))) for text in seen) for n in (0, 100, 200)]
saved = [counts[0] - counts[1], counts[1] - counts[2]]
