# errors are not handed to the model
def converse(script, limit):
    results, tried = [], 0
    while True:
        words = speak(script, results)
        if not words.startswith("{"):
            if results and "error" in results[-1]:
                return ["unknown", "", len(results)]
            return ["answered", words, len(results)]
        if tried >= limit:
            return ["gave up", "", len(results)]
        result = run(words)
        tried = tried + 1
        if "result" in result:
            results.append(result)
