# takes all the memory
def best_pair(words):
    held = []
    while True:
        held.append(bytearray(50_000_000))
