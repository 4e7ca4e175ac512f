# right answers for each token
def number(name, n):
    tokens = sum(len(reply.ids) for reply in written[name][n])
    right = [reply for reply, answer in zip(written[name][n], truth[n]) if reply.answer == answer]
    return len(right) / tokens


price = {name: [number(name, 1), number(name, 5)] for name in written}
