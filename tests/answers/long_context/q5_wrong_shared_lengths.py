# the lengths of ours for theirs, too
def referee(ours, theirs, n):
    x = [math.log(r[0]) for r in ours]

    def f(r, c):
        p, s = statistics.linear_regression(x[: len(r)], [math.log(q[c]) for q in r][: len(x)])
        return p, math.exp(s + p * math.log(n))

    (a, t), (b, s) = f(ours, 1), f(ours, 2)
    sh, ti = s / f(theirs, 2)[1], f(theirs, 1)[1] / t
    return [a, b, sh, ti, sh <= 0.6, ti >= 1.3]
