# no regular expressions: taken apart piece by piece
def digits(text):
    return text != "" and all(c in "0123456789" for c in text)


def is_step(step):
    left, equals, result = step.partition("=")
    pairs = [left.split(op) for op in "+-×÷" if op in left]
    return digits(result) and len(pairs) == 1 and len(pairs[0]) == 2 and all(map(digits, pairs[0]))


def reward(reply, answer):
    if not reply.startswith("<think>"):
        return 0.0
    thinking, mark, said = reply[len("<think>") :].partition("</think>")
    steps = thinking.split("，")
    paid = said == str(answer) and all(map(is_step, steps)) and steps[-1].endswith(f"={answer}")
    return float(paid)
