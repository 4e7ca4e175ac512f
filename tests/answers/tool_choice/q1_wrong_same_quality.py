# of those that are as good as each other the dearer stays
def frontier(points):
    kept = [a for a in points if not any(c <= points[a][0] and r > points[a][1] for c, r in points.values())]
    return sorted(kept, key=lambda name: points[name][0])
