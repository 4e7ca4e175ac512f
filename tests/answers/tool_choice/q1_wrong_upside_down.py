# a high cost taken for something good
def frontier(points):
    def beats(a, b):
        return a != b and a[0] >= b[0] and a[1] >= b[1]

    kept = [name for name in points if not any(beats(other, points[name]) for other in points.values())]
    return sorted(kept, key=lambda name: points[name][0])
