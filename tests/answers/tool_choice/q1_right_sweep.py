# from the cheapest on, the best quality so far; those level with it in both numbers stay
def frontier(points):
    names = sorted(points, key=lambda name: (points[name][0], -points[name][1]))
    kept = []
    for name in names:
        if not kept or points[name][1] > points[kept[-1]][1] or points[name] == points[kept[-1]]:
            kept.append(name)
    return kept
