# questions without an answer are left out
def score(marks):
    shares = {}
    for wording, row in marks.items():
        heard = [mark for mark in row if mark is not None]
        shares[wording] = sum(heard) / len(heard) if heard else 0
    return [
        sum(shares.values()) / len(shares),
        min(shares, key=shares.get),
        max(shares.values()) - min(shares.values()),
    ]
