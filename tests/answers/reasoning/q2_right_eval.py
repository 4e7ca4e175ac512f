# Python does the sums; a division is compared as a decimal
def first_fault(thinking):
    before = None
    for i, step in enumerate(filter(None, thinking.split("，"))):
        left, result = step.split("=")
        start = left.replace("-", "+").replace("×", "+").replace("÷", "+").split("+")[0]
        if eval(left.replace("×", "*").replace("÷", "/")) != int(result):
            return i
        if before is not None and start != before:
            return i
        before = result
    return None
