# by hand, wording by wording
def score(marks):
    total, worst, low, high = 0, None, 2, -1
    for wording in marks:
        right = 0
        for mark in marks[wording]:
            if mark:
                right += 1
        share = right / len(marks[wording])
        total += share
        if share < low:
            low, worst = share, wording
        high = max(high, share)
    return total / len(marks), worst, high - low
