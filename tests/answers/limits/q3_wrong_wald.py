# the plain interval
def rates(answers):
    classes = {"never": [], "seldom": [], "often": []}
    for a in answers:
        if a["said"]:
            name = "never" if a["times"] == 0 else "seldom" if a["times"] < 10 else "often"
            classes[name].append(a["said"] != a["truth"])
    return {name: wilson(sum(wrong), len(wrong)) if wrong else None for name, wrong in classes.items()}


def wilson(k, n, z=1.96):
    p = k / n
    spread = z * (p * (1 - p) / n) ** 0.5
    return [p, p - spread, p + spread]
