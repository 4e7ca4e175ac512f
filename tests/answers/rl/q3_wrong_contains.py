# looks for the answer anywhere after the thinking
def reward(reply, answer):
    head, mark, tail = reply.partition("</think>")
    return 1.0 if "=" in head and str(answer) in tail else 0.0
