# one more turn than there may be calls
def converse(script, limit):
    results = []
    for turn in range(limit + 1):
        words = speak(script, results)
        if words[:1] != "{":
            honest = not results or "result" in results[-1]
            return ["answered" if honest else "unknown", words if honest else "", turn]
        if turn < limit:
            results += [run(words)]
    return ["gave up", "", limit]
