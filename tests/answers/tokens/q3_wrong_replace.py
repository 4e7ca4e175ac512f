# shows garbage for half a character
def whole(pieces, budget):
    return b"".join(bytes(piece) for piece in pieces[:budget]).decode("utf-8", errors="replace")
