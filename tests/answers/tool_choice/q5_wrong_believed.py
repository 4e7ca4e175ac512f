# an answer after an error is believed
def converse(script, limit):
    results = []
    while True:
        words = speak(script, results)
        if not words.startswith("{"):
            return ["answered", words, len(results)]
        if len(results) >= limit:
            return ["gave up", "", len(results)]
        results.append(run(words))
