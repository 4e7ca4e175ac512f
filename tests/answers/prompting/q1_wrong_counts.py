# right answers are counted, not divided
def score(marks):
    shares = {wording: sum(mark is True for mark in row) for wording, row in marks.items()}
    return [
        sum(shares.values()) / len(shares),
        min(shares, key=shares.get),
        max(shares.values()) - min(shares.values()),
    ]
