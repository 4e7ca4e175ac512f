# merges one place with each rule, then begins again with the first rule
def bpe(word, merges):
    tokens, changed = list(word), True
    while changed:
        changed = False
        for left, right in merges:
            for i in range(len(tokens) - 1):
                if [tokens[i], tokens[i + 1]] == [left, right]:
                    tokens[i : i + 2] = [left + right]
                    changed = True
                    break
    return tokens
