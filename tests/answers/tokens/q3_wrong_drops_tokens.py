# drops whole tokens until the rest can be decoded
def whole(pieces, budget):
    for n in range(min(budget, len(pieces)), -1, -1):
        try:
            return b"".join(bytes(piece) for piece in pieces[:n]).decode()
        except UnicodeDecodeError:
            pass
