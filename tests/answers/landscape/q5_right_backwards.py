# from the weakest to the strongest
import json


def notice(metadata, declared, traces):
    verdict = "none"
    if len(traces) > 0:
        verdict = "suspected"
    if declared:
        verdict = "may be"
    try:
        label = json.loads(metadata["AIGC"])
        if "" not in [label["Label"], label["ContentProducer"], label["ProduceID"]]:
            verdict = "is"
    except (KeyError, TypeError, ValueError):
        pass
    return verdict
