# a plain number
def gate(drafts, most):
    firsts = [[good for passes, good in some[:most] if passes][:1] for some in drafts]
    handed = [good for first in firsts for good in first]
    return sum(handed) / max(1, len(handed))
