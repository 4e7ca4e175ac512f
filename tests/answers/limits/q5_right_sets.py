# with sets of answers
def plain(text):
    return text.replace(" ", "").removesuffix("的")


proper = {(fact.lang, fact.relation, plain(fact.answer)) for code in facts for fact in facts[code]}
invented = {code: [0, 0] for code in facts}
for a in lm_answers:
    if not a.right:
        invented[a.fact.lang][0] += 1
        invented[a.fact.lang][1] += (a.fact.lang, a.fact.relation, plain(a.said)) in proper
