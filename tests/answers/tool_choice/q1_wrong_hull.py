# keeps only the corners of the line around the points
def frontier(points):
    def beats(a, b):
        return a != b and a[0] <= b[0] and a[1] >= b[1]

    kept = [name for name in points if not any(beats(other, points[name]) for other in points.values())]
    corners = []
    for name in sorted(kept, key=lambda name: points[name][0]):
        while len(corners) > 1:
            (x, y), (x1, y1), (x2, y2) = points[corners[-2]], points[corners[-1]], points[name]
            if (y1 - y) * (x2 - x) >= (y2 - y) * (x1 - x):
                break
            corners.pop()
        corners.append(name)
    return corners
