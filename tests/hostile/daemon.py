# leaves a process behind
def best_pair(words):
    import subprocess, sys
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(12345)"], start_new_session=True)
    return ["x", "y"]
