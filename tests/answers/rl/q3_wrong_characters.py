# an operation somewhere left of the =, and the right characters
def reward(reply, answer):
    if not reply.startswith("<think>"):
        return 0.0
    head, mark, tail = reply[7:].partition("</think>")
    if tail != str(answer):
        return 0.0
    for step in head.split("，"):
        left, eq, result = step.partition("=")
        if not left or not result:
            return 0.0
        if any(c not in "0123456789+-×÷" for c in left + result):
            return 0.0
        if not any(op in left for op in "+-×÷"):
            return 0.0
    return 1.0 if result == tail else 0.0
