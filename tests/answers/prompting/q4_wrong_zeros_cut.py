# compares texts, without .00 and .0
def made_up(answer, source):
    def value(number):
        return number.replace(",", "").removesuffix(".00").removesuffix(".0")

    pattern = r"\d+(?:,\d{3})*(?:\.\d+)?"
    known = {value(number) for number in re.findall(pattern, source)}
    return [number for number in re.findall(pattern, answer) if value(number) not in known]
