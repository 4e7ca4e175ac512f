# loses a token that is a space
def cut(tokens, budget):
    if not tokens or tokens[0] != "<think>":
        return tokens
    text = " ".join(tokens)
    thinking = text.split("</think>")[0].replace("<think>", "").split()
    if len(thinking) <= budget:
        return tokens
    return ["<think>"] + thinking[:budget] + ["</think>"]
