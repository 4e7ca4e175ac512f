# takes bytes away at the end until the rest can be decoded
def whole(pieces, budget):
    data = b"".join(bytes(piece) for piece in pieces[:budget])
    while True:
        try:
            return data.decode()
        except UnicodeDecodeError:
            data = data[:-1]
