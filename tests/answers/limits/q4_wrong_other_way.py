# turns the statement's figure into the source's unit
def verify(said, source):
    v = []
    for w, t, u in said:
        if w not in source:
            v.append("missing")
            continue
        x, y = source[w]
        if UNITS[u][0] != UNITS[y][0]:
            v.append("unit")
            continue
        d = len(t.partition(".")[2])
        v.append("yes" if round(float(t) * UNITS[u][1] / UNITS[y][1], d) == round(x, d) else "no")
    return v
