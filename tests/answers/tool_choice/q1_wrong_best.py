# the one that gets most right
def frontier(points):
    return [max(points, key=lambda name: (points[name][1], -points[name][0]))]
