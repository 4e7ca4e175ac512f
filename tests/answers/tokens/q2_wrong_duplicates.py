# keeps the right half after merging
def bpe(word, merges):
    tokens = list(word)
    for left, right in merges:
        out, i = [], 0
        while i < len(tokens):
            if tokens[i : i + 2] == [left, right]:
                out.append(left + right)
            else:
                out.append(tokens[i])
            i += 1
        tokens = out
    return tokens
