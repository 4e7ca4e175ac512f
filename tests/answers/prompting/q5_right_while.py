# with counters
def gate(drafts, most):
    handed = right = looked = 0
    for some in drafts:
        at = 0
        while at < most and at < len(some):
            at += 1
            if some[at - 1][0]:
                handed += 1
                right += some[at - 1][1]
                break
        looked += at
    share = right / handed if handed else 0.0
    return handed / len(drafts), share, looked / len(drafts)
