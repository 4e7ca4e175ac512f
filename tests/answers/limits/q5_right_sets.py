# with a set of proper answers, and without same
def plain(text):
    return text.replace(" ", "").removesuffix("的")


def invented(answers, facts):
    proper = {(fact["lang"], fact["relation"], plain(fact["answer"])) for fact in facts}
    found = {"zh": [0, 0], "en": [0, 0]}
    for a in answers:
        if plain(a["said"]) != plain(a["truth"]):
            found[a["lang"]][0] += 1
            found[a["lang"]][1] += (a["lang"], a["relation"], plain(a["said"])) in proper
    return found
