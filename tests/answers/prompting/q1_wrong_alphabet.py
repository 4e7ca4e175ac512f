# of two that are equally low takes the first by its letters
def score(marks):
    shares = {wording: sum(mark is True for mark in row) / len(row) for wording, row in marks.items()}
    low, high = min(shares.values()), max(shares.values())
    return [sum(shares.values()) / len(shares), min(w for w in shares if shares[w] == low), high - low]
