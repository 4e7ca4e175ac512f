# p is the mean of the two shares
import math


def compare(a, b):
    def row(verdicts, z=1.96):
        n, share = len(verdicts), sum(verdicts) / len(verdicts)
        half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
        centre, scale = share + z**2 / (2 * n), 1 + z**2 / n
        return [share, (centre - half) / scale, (centre + half) / scale]

    one, two = row(a), row(b)
    p = (one[0] + two[0]) / 2
    error = math.sqrt(p * (1 - p) * (1 / len(a) + 1 / len(b)))
    return [one, two, abs(one[0] - two[0]) > 1.96 * error]
