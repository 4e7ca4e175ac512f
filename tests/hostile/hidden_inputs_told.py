# puts the inputs into its error
def best_pair(words):
    raise ValueError("INPUT:" + repr(words))
