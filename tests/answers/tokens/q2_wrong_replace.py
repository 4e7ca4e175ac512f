# merges by replacing in the text, which finds parts of tokens, too
def bpe(word, merges):
    text = " ".join(word)
    for left, right in merges:
        text = text.replace(f"{left} {right}", left + right)
    return text.split()
