# one number for each model
def number(name, n):
    tokens = sum(len(reply.ids) for reply in written[name][n])
    right = [reply for reply, answer in zip(written[name][n], truth[n]) if reply.answer == answer]
    return tokens / len(right)


price = {name: number(name, 5) for name in written}
