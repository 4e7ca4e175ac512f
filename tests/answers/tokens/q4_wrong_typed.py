# the numbers that the passages give
def savings(training_text, texts, n):
    return [5000, 900]
