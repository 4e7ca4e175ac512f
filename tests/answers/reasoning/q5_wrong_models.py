# the two models swapped
def number(name, n):
    tokens = sum(len(reply.ids) for reply in written[name][n])
    right = [reply for reply, answer in zip(written[name][n], truth[n]) if reply.answer == answer]
    return tokens / len(right)


price = {
    "direct": [number("reasoner", 1), number("reasoner", 5)],
    "reasoner": [number("direct", 1), number("direct", 5)],
}
