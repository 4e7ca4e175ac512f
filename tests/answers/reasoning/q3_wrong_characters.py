# counts characters instead of tokens
def cut(tokens, budget):
    if not tokens or tokens[0] != "<think>":
        return tokens
    end = tokens.index("</think>") if "</think>" in tokens else len(tokens)
    kept, n = ["<think>"], 0
    for t in tokens[1:end]:
        n += len(t)
        if n > budget:
            return kept + ["</think>"]
        kept.append(t)
    return tokens
