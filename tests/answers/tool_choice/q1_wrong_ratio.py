# by right answers for the money
def frontier(points):
    return sorted(points, key=lambda name: points[name][0] / points[name][1])
