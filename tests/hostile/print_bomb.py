# prints without end
def best_pair(words):
    while True:
        print("x" * 1_000_000)
