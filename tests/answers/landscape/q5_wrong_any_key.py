# whatever stands under the key
def notice(metadata, declared, traces):
    if metadata.get("AIGC"):
        return "is"
    if declared:
        return "may be"
    return "suspected" if traces else "none"
