# cell by cell


def window_mask(n, m, window, sinks):
    table = [[False] * m for _ in range(n)]
    for row in range(n):
        place = m - n + row
        for s in range(place + 1):
            table[row][s] = place - s < window or s < sinks
    return table
