# takes away spaces at the ends as well
def whole(pieces, budget):
    data = bytes(byte for piece in pieces[:budget] for byte in piece)
    return data.decode("utf-8", "ignore").strip()
