# both languages in one
def invented(answers, facts):
    wrong = [a for a in answers if not same(a["said"], a["truth"])]
    n = [
        len(wrong),
        sum(
            any(
                same(a["said"], f["answer"]) for f in facts if f["lang"] == a["lang"] and f["relation"] == a["relation"]
            )
            for a in wrong
        ),
    ]
    return {"zh": n, "en": n}
