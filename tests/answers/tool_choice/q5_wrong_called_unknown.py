# where it gives up after an error, it says "unknown"
def converse(script, limit):
    results = []
    while True:
        words = speak(script, results)
        failed = bool(results) and "error" in results[-1]
        if not words.startswith("{"):
            return ["unknown", "", len(results)] if failed else ["answered", words, len(results)]
        if len(results) == limit:
            return ["unknown" if failed else "gave up", "", limit]
        results.append(run(words))
