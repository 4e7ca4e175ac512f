# 100 and 200 merges, whatever n says
def savings(training_text, texts, n):
    counts = [
        sum(len(tokens.encode(text, tokens.train_bpe(training_text, k))) for text in texts) for k in (0, 100, 200)
    ]
    return [counts[0] - counts[1], counts[1] - counts[2]]
