# drafts of questions without an answer do not count
def gate(drafts, most):
    handed, looked = [], 0
    for some in drafts:
        for i, (passes, good) in enumerate(some[:most]):
            if passes:
                handed.append(good)
                looked += i + 1
                break
    return [len(handed) / len(drafts), sum(handed) / max(1, len(handed)), looked / len(drafts)]
