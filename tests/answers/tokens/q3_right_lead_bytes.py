# reads from the first byte of each character how many there must be
def whole(pieces, budget):
    data, i, text = [b for piece in pieces[:budget] for b in piece], 0, ""
    while i < len(data):
        size = 1 if data[i] < 128 else 2 if data[i] < 224 else 3 if data[i] < 240 else 4
        if i + size <= len(data):
            text += bytes(data[i : i + size]).decode()
        i += size
    return text
