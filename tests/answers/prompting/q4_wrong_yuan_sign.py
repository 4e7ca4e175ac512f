# finds only numbers with ¥ in the answer
def made_up(answer, source):
    pattern = r"\d+(?:,\d{3})*(?:\.\d+)?"
    known = {float(number.replace(",", "")) for number in re.findall(pattern, source)}
    return [x for x in re.findall(f"¥({pattern})", answer) if float(x.replace(",", "")) not in known]
