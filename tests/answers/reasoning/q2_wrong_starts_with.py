# takes 121 for a step that goes on from 12
def first_fault(thinking):
    before = None
    for i, step in enumerate(filter(None, thinking.split("，"))):
        left, result = step.split("=")
        if before is not None and not step.startswith(before):
            return i
        if eval(left.replace("×", "*").replace("÷", "/")) != int(result):
            return i
        before = result
    return None
