# takes what stands after each ": " of the source
def made_up(answer, source):
    pattern = r"\d+(?:,\d{3})*(?:\.\d+)?"
    known = {float(part.split(": ")[1].replace(",", "")) for part in source.split("; ")}
    return [x for x in re.findall(pattern, answer) if float(x.replace(",", "")) not in known]
