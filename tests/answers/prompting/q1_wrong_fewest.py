# the wording with the fewest right answers
def score(marks):
    right = {wording: sum(mark is True for mark in row) for wording, row in marks.items()}
    shares = [right[wording] / len(marks[wording]) for wording in marks]
    return [sum(shares) / len(shares), min(right, key=right.get), max(shares) - min(shares)]
