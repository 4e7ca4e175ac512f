# gives up before the model has seen the last result
def converse(script, limit):
    results = []
    while len(results) < limit:
        words = speak(script, results)
        if not words.startswith("{"):
            if results and "error" in results[-1]:
                return ["unknown", "", len(results)]
            return ["answered", words, len(results)]
        results.append(run(words))
    return ["gave up", "", limit]
