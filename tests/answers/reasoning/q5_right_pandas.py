# a table of all the replies
import pandas as pd


def price(tokens, answers, truth):
    table = pd.DataFrame({"tokens": tokens, "answer": answers, "truth": truth})
    return table["tokens"].sum() / (table["answer"] == table["truth"]).sum()
