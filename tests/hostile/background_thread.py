# a thread goes on printing and changing names
import threading


def meddle():
    import time

    while True:
        globals()["best_pair"] = lambda words: ["x", "y"]
        time.sleep(0.01)


threading.Thread(target=meddle, daemon=True).start()
