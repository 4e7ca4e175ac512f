# of equals the shortest
def score(marks):
    shares = {wording: sum(mark is True for mark in row) / len(row) for wording, row in marks.items()}
    worst = min(shares, key=lambda wording: (shares[wording], len(wording)))
    return [sum(shares.values()) / len(shares), worst, max(shares.values()) - shares[worst]]
