# whatever is not False counts as right
def score(marks):
    shares = {wording: sum(mark is not False for mark in row) / len(row) for wording, row in marks.items()}
    return [
        sum(shares.values()) / len(shares),
        min(shares, key=shares.get),
        max(shares.values()) - min(shares.values()),
    ]
