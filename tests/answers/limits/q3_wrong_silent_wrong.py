# silence is wrong
def rates(answers):
    classes = {"never": [], "seldom": [], "often": []}
    for a in answers:
        if True:
            name = "never" if a["times"] == 0 else "seldom" if a["times"] < 10 else "often"
            classes[name].append(a["said"] != a["truth"])
    return {name: wilson(sum(wrong), len(wrong)) if wrong else None for name, wrong in classes.items()}


def wilson(k, n, z=1.96):
    p = k / n
    centre, spread = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return [p, (centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)]
