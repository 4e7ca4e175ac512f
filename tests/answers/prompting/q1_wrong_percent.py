# per cent
def score(marks):
    shares = {wording: 100 * sum(mark is True for mark in row) / len(row) for wording, row in marks.items()}
    return [
        sum(shares.values()) / len(shares),
        min(shares, key=shares.get),
        max(shares.values()) - min(shares.values()),
    ]
