# to be the same in both counts as beating
def frontier(points):
    kept = []
    for name, (cost, right) in points.items():
        others = [point for other, point in points.items() if other != name]
        if not any(c <= cost and r >= right for c, r in others):
            kept.append(name)
    return sorted(kept, key=lambda name: points[name][0])
