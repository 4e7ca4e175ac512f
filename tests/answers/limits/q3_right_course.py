# with the course's own interval
from aigc_course import sampling


def rates(answers):
    found = dict.fromkeys(("never", "seldom", "often"))
    for name, belongs in (("never", lambda n: n == 0), ("seldom", lambda n: 0 < n < 10), ("often", lambda n: n > 9)):
        given = [a for a in answers if belongs(a["times"]) and a["said"] != ""]
        if given:
            wrong = sum(a["said"] != a["truth"] for a in given)
            found[name] = (wrong / len(given), *sampling.wilson(wrong, len(given)))
    return found
