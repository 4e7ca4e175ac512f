# reads one digit for each number
def first_fault(thinking):
    before = None
    for i, step in enumerate(thinking.split("，") if thinking else []):
        left, result = step.split("=")
        if before is not None and left[0] != before[0]:
            return i
        if eval(left.replace("×", "*").replace("÷", "/")) != int(result):
            return i
        before = result
    return None
