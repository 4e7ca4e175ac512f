# one call too many
def converse(script, limit):
    results = []
    while True:
        words = speak(script, results)
        if not words.startswith("{"):
            if results and "error" in results[-1]:
                return ["unknown", "", len(results)]
            return ["answered", words, len(results)]
        if len(results) > limit:
            return ["gave up", "", len(results)]
        results.append(run(words))
