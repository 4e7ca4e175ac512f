# looks at the characters only: a chain of = passes, and 9=9
import re


def reward(reply, answer):
    m = re.fullmatch("<think>([0-9+×÷=，-]+)</think>([0-9]+)", reply)
    if not m or m[2] != str(answer):
        return 0.0
    return 1.0 if "=" in m[1] and m[1].split("=")[-1] == m[2] and not m[1].startswith("=") else 0.0
