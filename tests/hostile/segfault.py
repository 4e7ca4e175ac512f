# crashes the interpreter
def best_pair(words):
    import ctypes
    ctypes.string_at(0)
