# sorted by date, the last of each source tells its day
def standing(rows, about, day):
    places = [i for i in range(len(rows)) if rows[i]["about"] == about and rows[i]["cites"] == ""]
    places = sorted((i for i in places if rows[i]["date"] <= day), key=lambda i: rows[i]["date"])
    last = {rows[i]["source"]: rows[i]["date"] for i in places}
    used = [i for i in places if rows[i]["date"] == last[rows[i]["source"]]]
    ends = sorted([rows[i]["low"] for i in used] + [rows[i]["high"] for i in used])
    first, final = (ends[0], ends[-1]) if ends else (None, None)
    return (first, final, len(last), sorted(set(places) - set(used)))
