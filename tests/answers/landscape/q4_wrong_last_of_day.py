# one row for each source: of two of one day, the later in the list
def standing(rows, about, day):
    places = [i for i in range(len(rows)) if rows[i]["about"] == about and rows[i]["cites"] == ""]
    places = sorted((i for i in places if rows[i]["date"] <= day), key=lambda i: rows[i]["date"])
    last = {rows[i]["source"]: i for i in places}
    used = [rows[i] for i in last.values()]
    ends = sorted([row["low"] for row in used] + [row["high"] for row in used])
    first, final = (ends[0], ends[-1]) if ends else (None, None)
    return (first, final, len(last), sorted(set(places) - set(last.values())))
