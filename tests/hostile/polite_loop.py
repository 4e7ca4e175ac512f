# a loop that an interrupt ends
def best_pair(words):
    while True:
        pass
