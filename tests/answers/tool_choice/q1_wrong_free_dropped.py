# takes a cost of 0 for a missing one
def frontier(points):
    def beats(a, b):
        return a != b and a[0] <= b[0] and a[1] >= b[1]

    points = {name: point for name, point in points.items() if point[0]}
    kept = [name for name in points if not any(beats(other, points[name]) for other in points.values())]
    return sorted(kept, key=lambda name: points[name][0])
