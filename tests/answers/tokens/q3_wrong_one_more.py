# one token too many
def whole(pieces, budget):
    return b"".join(bytes(piece) for piece in pieces[: budget + 1]).decode("utf-8", errors="ignore")
