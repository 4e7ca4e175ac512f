# as in the lesson: again and again the pair of lowest rank
def bpe(word, merges):
    rank = {tuple(pair): i for i, pair in enumerate(merges)}
    tokens = list(word)
    while True:
        known = [pair for pair in zip(tokens, tokens[1:]) if pair in rank]
        if not known:
            return tokens
        best = min(known, key=rank.get)
        out = []
        while tokens:
            if tuple(tokens[:2]) == best:
                out.append("".join(best))
                tokens = tokens[2:]
            else:
                out.append(tokens.pop(0))
        tokens = out
