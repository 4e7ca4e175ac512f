# counts only calls that succeed
def converse(script, limit):
    results = []
    while True:
        words = speak(script, results)
        if not words.startswith("{"):
            if results and "error" in results[-1]:
                return ["unknown", "", sum("result" in result for result in results)]
            return ["answered", words, sum("result" in result for result in results)]
        if len(results) >= limit:
            return ["gave up", "", sum("result" in result for result in results)]
        results.append(run(words))
