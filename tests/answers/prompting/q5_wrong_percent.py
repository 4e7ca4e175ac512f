# per cent
def gate(drafts, most):
    handed, looked = [], 0
    for some in drafts:
        for passes, good in some[:most]:
            looked += 1
            if passes:
                handed.append(good)
                break
    return [100 * len(handed) / len(drafts), 100 * sum(handed) / max(1, len(handed)), looked / len(drafts)]
