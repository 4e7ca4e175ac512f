# the fact itself left out
def invented(answers, facts):
    found = {"en": [0, 0], "zh": [0, 0]}
    for a in answers:
        if same(a["said"], a["truth"]):
            continue
        others = [
            f for f in facts if f["lang"] == a["lang"] and f["relation"] == a["relation"] and f["answer"] != a["truth"]
        ]
        found[a["lang"]][0] += 1
        if any(same(a["said"], f["answer"]) for f in others):
            found[a["lang"]][1] += 1
    return found
