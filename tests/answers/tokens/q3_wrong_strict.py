# fails where a character is cut
def whole(pieces, budget):
    return b"".join(bytes(piece) for piece in pieces[:budget]).decode()
