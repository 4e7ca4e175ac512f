# the decoder of a stream, which waits for the missing bytes
import codecs


def whole(pieces, budget):
    decoder = codecs.getincrementaldecoder("utf-8")()
    return "".join(decoder.decode(bytes(piece)) for piece in pieces[:budget])
