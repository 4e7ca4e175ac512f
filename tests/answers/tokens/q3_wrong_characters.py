# the budget in characters
def whole(pieces, budget):
    return b"".join(bytes(piece) for piece in pieces).decode()[:budget]
