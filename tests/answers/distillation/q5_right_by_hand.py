# compares with the course's own stories
right = [stories.completion(story) == reply.text for story, reply in zip(asked, replies)]
needed = [carries(trace) for trace, good in zip(traces, right) if good]
shares = [sum(right) / 100, sum(needed) / max(1, len(needed))]
