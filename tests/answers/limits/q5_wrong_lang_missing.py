# a language without wrong answers is left out
def invented(answers, facts):
    found = {}
    for a in answers:
        if not same(a["said"], a["truth"]):
            found.setdefault(a["lang"], [0, 0])
            found[a["lang"]][0] += 1
            found[a["lang"]][1] += any(
                same(a["said"], f["answer"]) for f in facts if f["lang"] == a["lang"] and f["relation"] == a["relation"]
            )
    return found
