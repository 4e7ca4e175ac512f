# looks at the last result though there may be none
def converse(script, limit):
    results = []
    for _ in range(limit):
        words = speak(script, results)
        if not words.startswith("{"):
            failed = bool(results) and "error" in results[-1]
            return ["unknown", "", len(results)] if failed else ["answered", words, len(results)]
        results.append(run(words))
    words = speak(script, results)
    if words.startswith("{"):
        return ["gave up", "", limit]
    return ["unknown", "", limit] if "error" in results[-1] else ["answered", words, limit]
