# a table of all the replies
import pandas as pd

table = pd.DataFrame(
    [
        {"name": name, "n": n, "tokens": len(reply.ids), "right": reply.answer == answer}
        for name in written
        for n in written[name]
        for reply, answer in zip(written[name][n], truth[n])
    ]
)
sums = table.groupby(["name", "n"])[["tokens", "right"]].sum()
ratio = sums["tokens"] / sums["right"]
price = {name: ratio[name].to_numpy() for name in written}
