# counts lm's answers, whatever it is given
def invented(answers, facts):
    found = {}
    for code in ("zh", "en"):
        wrong = [a for a in lm_answers if a.fact.lang == code and not a.right]
        plausible = 0
        for a in wrong:
            others = [fact for fact in globals()["facts"][code] if fact.relation == a.fact.relation]
            plausible += any(limits.is_right(a.said, fact) for fact in others)
        found[code] = [len(wrong), plausible]
    return found
