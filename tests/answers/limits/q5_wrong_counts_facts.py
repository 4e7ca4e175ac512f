# counts the facts that fit, not the answers
def invented(answers, facts):
    found = {}
    for lang in ("zh", "en"):
        wrong = [a for a in answers if a["lang"] == lang and not same(a["said"], a["truth"])]
        found[lang] = [
            len(wrong),
            sum(
                same(a["said"], f["answer"])
                for a in wrong
                for f in facts
                if f["lang"] == lang and f["relation"] == a["relation"]
            ),
        ]
    return found
