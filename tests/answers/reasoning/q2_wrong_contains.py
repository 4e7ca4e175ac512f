# looks for the result before anywhere on the left
def first_fault(thinking):
    before = None
    for i, step in enumerate(filter(None, thinking.split("，"))):
        left, result = step.split("=")
        if before is not None and before not in left:
            return i
        if eval(left.replace("×", "*").replace("÷", "/")) != int(result):
            return i
        before = result
    return None
