# what is left instead of what is saved
learned = list(tokens.train_bpe(training_text, 200).items())
saved = [sum(len(tokens.encode(text, dict(learned[:n]))) for text in rest) for n in (100, 200)]
