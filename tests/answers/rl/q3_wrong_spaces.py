# spaces within and around steps
import re


def reward(reply, answer):
    step = r"[0-9]+\s*[-+×÷]\s*[0-9]+\s*=\s*[0-9]+"
    m = re.fullmatch(rf"<think>\s*({step}(，\s*{step})*)\s*</think>([0-9]+)", reply)
    return 1.0 if m and m[3] == str(answer) and m[1].split("=")[-1].strip() == m[3] else 0.0
