# counts the drafts that were never written
def gate(drafts, most):
    handed, looked = [], 0
    for some in drafts:
        seen = some[:most]
        looked += len(seen)
        passed = [good for passes, good in seen if passes]
        handed += passed[:1]
    return [len(handed) / len(drafts), sum(handed) / max(1, len(handed)), looked / len(drafts)]
