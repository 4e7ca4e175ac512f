# whatever goes wrong counts as no label
def notice(metadata, declared, traces):
    try:
        d = json.loads(metadata["AIGC"])
        if d["Label"] and d["ContentProducer"] and d["ProduceID"]:
            return "is"
    except Exception:
        pass
    return "may be" if declared else "suspected" if traces else "none"
