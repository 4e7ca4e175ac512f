# converted the wrong way
def verify(said, source):
    verdicts = []
    for what, text, unit in said:
        if what not in source:
            verdicts.append("missing")
            continue
        value, its = source[what]
        if UNITS[unit][0] != UNITS[its][0]:
            verdicts.append("unit")
            continue
        decimals = len(text.partition(".")[2])
        converted = value * UNITS[unit][1] / UNITS[its][1]
        verdicts.append("yes" if round(converted, decimals) == float(text) else "no")
    return verdicts
