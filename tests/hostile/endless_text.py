# returns half a gigabyte of text
def best_pair(words):
    return ["x" * 500_000_000, "y"]
