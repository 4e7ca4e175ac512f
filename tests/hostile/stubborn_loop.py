# a loop that catches interrupts
def best_pair(words):
    import time
    while True:
        try:
            time.sleep(60)
        except BaseException:
            pass
