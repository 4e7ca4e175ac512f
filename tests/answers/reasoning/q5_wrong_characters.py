# characters instead of tokens
def number(name, n):
    tokens = sum(len(reply.ids) for reply in written[name][n])
    right = [reply for reply, answer in zip(written[name][n], truth[n]) if reply.answer == answer]
    return sum(len(reply.text) for reply in written[name][n]) / len(right)


price = {name: [number(name, 1), number(name, 5)] for name in written}
