# with pandas
import pandas as pd


def standing(rows, about, day):
    table = pd.DataFrame(rows)
    table = table[(table.about == about) & (table.cites == "") & (table.date <= day)].sort_values("date")
    used = table.drop_duplicates("source", keep="last")
    if used.empty:
        return [None, None, 0, []]
    old = sorted(int(i) for i in table.index.difference(used.index))
    return [float(used.low.min()), float(used.high.max()), len(used), old]
