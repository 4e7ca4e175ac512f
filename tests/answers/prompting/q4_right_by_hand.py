# character by character, without patterns
def numbers(text):
    found, at = [], 0
    while at < len(text):
        if not text[at].isdigit():
            at += 1
            continue
        end = at
        while end < len(text) and (text[end].isdigit() or (text[end] in ".," and text[end + 1 : end + 2].isdigit())):
            end += 1
        found.append(text[at:end])
        at = end
    return found


def made_up(answer, source):
    known = {float(number.replace(",", "")) for number in numbers(source)}
    return [number for number in numbers(answer) if float(number.replace(",", "")) not in known]
