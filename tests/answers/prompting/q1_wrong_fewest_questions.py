# of equals the one with the fewest questions
def score(marks):
    shares = {wording: sum(mark is True for mark in row) / len(row) for wording, row in marks.items()}
    worst = min(shares, key=lambda wording: (shares[wording], len(marks[wording])))
    return [sum(shares.values()) / len(shares), worst, max(shares.values()) - shares[worst]]
