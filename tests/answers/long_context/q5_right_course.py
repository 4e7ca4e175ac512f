# the course's own fit
from aigc_course.long_context import power_law


def referee(ours, theirs, n):
    fits = []
    for rows in (ours, theirs):
        for column in (1, 2):
            exponent, factor = power_law([row[0] for row in rows], [row[column] for row in rows])
            fits.append((exponent, factor * n**exponent))
    share, times = fits[1][1] / fits[3][1], fits[2][1] / fits[0][1]
    return [fits[0][0], fits[1][0], share, times, share <= 0.6, times >= 1.3]
