# a loop that ignores interrupts
def best_pair(words):
    import signal
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        pass
