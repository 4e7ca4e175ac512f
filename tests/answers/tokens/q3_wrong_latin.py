# makes a character of each byte
def whole(pieces, budget):
    return "".join(chr(byte) for piece in pieces[:budget] for byte in piece)
