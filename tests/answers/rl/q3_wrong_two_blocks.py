# several blocks of thinking
import re


def reward(reply, answer):
    step = "[0-9]+[-+×÷][0-9]+=[0-9]+"
    m = re.fullmatch(f"(<think>{step}(，{step})*</think>)+([0-9]+)", reply)
    return 1.0 if m and m[3] == str(answer) and f"={answer}</think>" in reply else 0.0
