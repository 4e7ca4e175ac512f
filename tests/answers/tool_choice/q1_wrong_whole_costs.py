# drops the fractions of the costs
def frontier(points):
    points = {name: [int(cost), right] for name, (cost, right) in points.items()}

    def beats(a, b):
        return a != b and a[0] <= b[0] and a[1] >= b[1]

    kept = [name for name in points if not any(beats(other, points[name]) for other in points.values())]
    return sorted(kept, key=lambda name: points[name][0])
