# the lesson's first reward: the answer after the last mark, nothing else
def reward(reply, answer):
    return 1.0 if reply.rpartition("</think>")[2] == str(answer) else 0.0
