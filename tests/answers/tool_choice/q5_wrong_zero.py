# a result of 0 passes for a failure
def converse(script, limit):
    results = []
    while True:
        words = speak(script, results)
        if words[:1] != "{":
            failed = bool(results) and not results[-1].get("result")
            return ["unknown" if failed else "answered", "" if failed else words, len(results)]
        if len(results) == limit:
            return ["gave up", "", limit]
        results.append(run(words))
