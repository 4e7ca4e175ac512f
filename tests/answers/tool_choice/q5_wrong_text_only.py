# returns the words only
def converse(script, limit):
    results = []
    while True:
        words = speak(script, results)
        if not words.startswith("{"):
            if results and "error" in results[-1]:
                return ["unknown", "", len(results)]
            return words
        if len(results) >= limit:
            return ["gave up", "", len(results)]
        results.append(run(words))
