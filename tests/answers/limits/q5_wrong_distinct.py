# different answers only
def invented(answers, facts):
    found = {}
    for lang in ("zh", "en"):
        wrong = {(a["said"], a["relation"]) for a in answers if a["lang"] == lang and not same(a["said"], a["truth"])}
        found[lang] = [
            len(wrong),
            sum(any(same(s, f["answer"]) for f in facts if f["lang"] == lang and f["relation"] == r) for s, r in wrong),
        ]
    return found
