# searches the text and does not read it
import re


def notice(metadata, declared, traces):
    text = metadata.get("AIGC", "")
    if (
        text.startswith("{")
        and text.endswith("}")
        and all(re.search(f'"{k}": "[^"]+"', text) for k in ("Label", "ContentProducer", "ProduceID"))
    ):
        return "is"
    return "may be" if declared else "suspected" if traces else "none"
