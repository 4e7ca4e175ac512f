# a share
def invented(answers, facts):
    found = {}
    for lang in ("zh", "en"):
        wrong = [a for a in answers if a["lang"] == lang and not same(a["said"], a["truth"])]
        found[lang] = [
            len(wrong),
            sum(
                any(same(a["said"], f["answer"]) for f in facts if f["lang"] == lang and f["relation"] == a["relation"])
                for a in wrong
            )
            / max(1, len(wrong)),
        ]
    return found
