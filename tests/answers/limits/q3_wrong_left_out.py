# a class without answers is left out
def rates(answers):
    classes = {"never": [], "seldom": [], "often": []}
    for a in answers:
        if a["said"]:
            name = "never" if a["times"] == 0 else "seldom" if a["times"] < 10 else "often"
            classes[name].append(a["said"] != a["truth"])
    return {name: wilson(sum(wrong), len(wrong)) for name, wrong in classes.items() if wrong}


def wilson(k, n, z=1.96):
    p = k / n
    centre, spread = p + z * z / (2 * n), z * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return [p, (centre - spread) / (1 + z * z / n), (centre + spread) / (1 + z * z / n)]
