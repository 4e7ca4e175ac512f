# the fact itself left out
invented = {}
for code in ("zh", "en"):
    wrong = [a for a in lm_answers if a.fact.lang == code and not a.right]
    plausible = 0
    for a in wrong:
        others = [fact for fact in facts[code] if fact.relation == a.fact.relation and fact != a.fact]
        plausible += any(limits.is_right(a.said, fact) for fact in others)
    invented[code] = [len(wrong), plausible]
