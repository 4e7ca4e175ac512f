# the course's own stories write the right text
from aigc_course import stories


def filter_traces(traces):
    right = [stories.Story("zh", "", each["start"], tuple(map(tuple, each["ops"]))) for each in traces]
    good = [stories.completion(story) == each["text"] for story, each in zip(right, traces)]
    share = {}
    for k in {len(each["ops"]) for each in traces}:
        chosen = [g for g, each in zip(good, traces) if len(each["ops"]) == k]
        share[f"{k}"] = chosen.count(True) / len(chosen)
    return {"share": share, "kept": [i for i, g in enumerate(good) if g]}
