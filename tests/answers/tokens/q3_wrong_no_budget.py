# forgets the budget
def whole(pieces, budget):
    return bytes(byte for piece in pieces for byte in piece).decode("utf-8", "ignore")
