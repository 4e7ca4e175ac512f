# compared with the next cheaper one only
def frontier(points):
    names = sorted(points, key=lambda name: points[name][0])
    return [name for i, name in enumerate(names) if i == 0 or points[name][1] > points[names[i - 1]][1]]
