# with tables
import pandas as pd


def invented(answers, facts):
    out = {}
    for code in ("zh", "en"):
        d = pd.DataFrame([a for a in answers if a["lang"] == code], columns=["lang", "relation", "said", "truth"])
        bad = [not same(s, t) for s, t in zip(d.said, d.truth)]
        like = [
            any(same(s, f["answer"]) for f in facts if f["lang"] == code and f["relation"] == r)
            for s, r in zip(d.said, d.relation)
        ]
        out[code] = (sum(bad), sum(b and l for b, l in zip(bad, like)))
    return out
