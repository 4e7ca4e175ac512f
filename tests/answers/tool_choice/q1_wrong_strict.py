# only those beaten in both numbers are struck off
def frontier(points):
    kept = [a for a in points if not any(c < points[a][0] and r > points[a][1] for c, r in points.values())]
    return sorted(kept, key=lambda name: points[name][0])
