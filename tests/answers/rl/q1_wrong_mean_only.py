# subtracts the mean and stops there
def advantages(groups):
    result = []
    for group in groups:
        mean = sum(group) / len(group)
        result.append([r - mean for r in group])
    return result
