# goes back two bytes at most: a character has four
def whole(pieces, budget):
    data = bytes(byte for piece in pieces[:budget] for byte in piece)
    for cut in range(3):
        try:
            return data[: len(data) - cut].decode()
        except UnicodeDecodeError:
            pass
    return ""
