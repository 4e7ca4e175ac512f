# any error spoils the answer
def converse(script, limit):
    results = []
    while True:
        words = speak(script, results)
        if not words.startswith("{"):
            if any("error" in result for result in results):
                return ["unknown", "", len(results)]
            return ["answered", words, len(results)]
        if len(results) >= limit:
            return ["gave up", "", len(results)]
        results.append(run(words))
