# stops where the model writes the same call again
def converse(script, limit):
    results, last = [], None
    while True:
        words = speak(script, results)
        if not words.startswith("{"):
            failed = bool(results) and "error" in results[-1]
            return ["unknown", "", len(results)] if failed else ["answered", words, len(results)]
        if len(results) == limit or words == last:
            return ["gave up", "", len(results)]
        last = words
        results.append(run(words))
