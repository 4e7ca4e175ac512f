# the best wording in place of the worst
def score(marks):
    shares = {wording: sum(mark is True for mark in row) / len(row) for wording, row in marks.items()}
    return [
        sum(shares.values()) / len(shares),
        max(shares, key=shares.get),
        max(shares.values()) - min(shares.values()),
    ]
