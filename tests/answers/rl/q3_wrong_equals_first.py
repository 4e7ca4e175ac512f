# 9=0+9 passes
import re


def reward(reply, answer):
    if not reply.startswith("<think>"):
        return 0.0
    thinking, mark, said = reply[7:].partition("</think>")
    if said != str(answer):
        return 0.0
    for s in thinking.split("，"):
        nums = re.split("[-+×÷=]", s)
        if len(nums) != 3 or s.count("=") != 1 or not all(re.fullmatch("[0-9]+", x) for x in nums):
            return 0.0
    return 1.0 if nums[-1] == said else 0.0
