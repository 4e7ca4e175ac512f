# the part that is saved
import math
import statistics


def referee(ours, theirs, n):
    def line(rows, column):
        x, y = [math.log(row[0]) for row in rows], [math.log(row[column]) for row in rows]
        power, start = statistics.linear_regression(x, y)
        return power, math.exp(start + power * math.log(n))

    time_power, seconds = line(ours, 1)
    memory_power, size = line(ours, 2)
    share, times = size / line(theirs, 2)[1], line(theirs, 1)[1] / seconds
    return [time_power, memory_power, 1 - share, times, share <= 0.6, times >= 1.3]
