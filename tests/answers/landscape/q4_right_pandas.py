# with pandas
import pandas as pd


def standing(rows, about, day):
    table = pd.DataFrame(rows)
    table = table[(table.about == about) & (table.cites == "") & (table.date <= day)]
    used = table[table.date == table.groupby("source").date.transform("max")]
    if used.empty:
        return [None, None, 0, []]
    old = sorted(int(i) for i in table.index.difference(used.index))
    return [float(used.low.min()), float(used.high.max()), used.source.nunique(), old]
