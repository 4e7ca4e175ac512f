# whatever is not empty
def invented(answers, facts):
    found = {}
    for lang in ("zh", "en"):
        wrong = [a for a in answers if a["lang"] == lang and not same(a["said"], a["truth"])]
        found[lang] = [len(wrong), sum(bool(a["said"]) for a in wrong)]
    return found
