# only the mean
def score(marks):
    return sum(sum(mark is True for mark in row) / len(row) for row in marks.values()) / len(marks)
