# the last of several equally low
def score(marks):
    shares = {wording: sum(mark is True for mark in row) / len(row) for wording, row in marks.items()}
    low = min(shares.values())
    return [sum(shares.values()) / len(shares), [w for w in shares if shares[w] == low][-1], max(shares.values()) - low]
