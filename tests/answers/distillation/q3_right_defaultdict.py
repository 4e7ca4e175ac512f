# counts in a defaultdict
from collections import defaultdict

from aigc_course import stories


def filter_traces(traces):
    kept, seen, share = [], defaultdict(int), defaultdict(float)
    for i, each in enumerate(traces):
        story = stories.Story("zh", "", each["start"], tuple(map(tuple, each["ops"])))
        k = str(len(each["ops"]))
        good = stories.completion(story) == each["text"]
        kept += [i] * good
        seen[k] += 1
        share[k] += (good - share[k]) / seen[k]
    return {"kept": kept, "share": share}
