# the budget in bytes
def whole(pieces, budget):
    return b"".join(bytes(piece) for piece in pieces)[:budget].decode("utf-8", errors="ignore")
