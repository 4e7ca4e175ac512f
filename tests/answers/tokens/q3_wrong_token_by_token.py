# decodes each token by itself
def whole(pieces, budget):
    return "".join(bytes(piece).decode("utf-8", errors="ignore") for piece in pieces[:budget])
