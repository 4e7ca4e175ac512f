# all questions in one pot
def score(marks):
    shares = {wording: sum(mark is True for mark in row) / len(row) for wording, row in marks.items()}
    every = [mark is True for row in marks.values() for mark in row]
    return [sum(every) / len(every), min(shares, key=shares.get), max(shares.values()) - min(shares.values())]
