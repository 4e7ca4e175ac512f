# stops after the first rule that fits
def bpe(word, merges):
    tokens = list(word)
    for left, right in merges:
        i, found = 0, False
        while i < len(tokens) - 1:
            if tokens[i] == left and tokens[i + 1] == right:
                tokens[i : i + 2] = [left + right]
                found = True
            i += 1
        if found:
            return tokens
    return tokens
