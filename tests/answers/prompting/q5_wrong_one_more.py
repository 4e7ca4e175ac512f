# one draft too many
def gate(drafts, most):
    handed, looked = [], 0
    for some in drafts:
        for passes, good in some[: most + 1]:
            looked += 1
            if passes:
                handed.append(good)
                break
    return [len(handed) / len(drafts), sum(handed) / max(1, len(handed)), looked / len(drafts)]
