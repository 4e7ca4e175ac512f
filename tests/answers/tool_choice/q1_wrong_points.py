# the points, not their names
def frontier(points):
    best = [p for p in points.values() if not any(q != p and q[0] <= p[0] and q[1] >= p[1] for q in points.values())]
    return sorted(best)
