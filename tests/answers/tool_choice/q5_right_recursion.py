# each call is the beginning of a shorter conversation
def converse(script, limit):
    def go_on(results):
        words, n = speak(script, results), len(results)
        if words.startswith("{"):
            return ["gave up", "", n] if n == limit else go_on([*results, run(words)])
        return ["unknown", "", n] if n and "error" in results[-1] else ["answered", words, n]

    return go_on([])
