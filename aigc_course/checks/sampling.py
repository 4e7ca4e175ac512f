"""Checks of the lab `sampling`. Oracles: exact fractions, brute force and transformers."""

import math
from collections import Counter
from fractions import Fraction
from itertools import accumulate

from aigc_course.checks import close, diagnose, expect, in_form, question
from aigc_course.i18n import t

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
HINTS = {
    "q1": (
        "选错了。要的是累计概率第一个大于 u 的 token 的序号：从 0 开始数，等于 u 还不算。",
        "Wrong token. Wanted: the index, from 0, of the first whose running total is above u (not equal).",
    ),
    "greedy": (
        "好像总是选概率最大的那个。要由 u 来决定。",
        "You seem to take the likeliest token. Let u decide.",
    ),
    "sorted first": ("不要先排序：按原来的顺序累加。", "Do not sort first: add up in the given order."),
    "equal": (
        "累计概率恰好等于 u 时（例如 u = 0）还不能选它：要大于 u。",
        "A running total equal to u (say, u = 0) is not enough: it must be greater.",
    ),
    "single": (
        "和 u 比的是累计的概率，不是单个的。",
        "It is the running total that is compared with u, not a single probability.",
    ),
    "from one": ("序号从 0 数起，这里差了一个。", "Indices count from 0: this is off by one."),
    "short sum": (
        "小数相加有舍入误差：例如十个 0.1 的和略小于 1。累计到最后都不大于 u 时，请返回最后一个概率不为 0 的 token。",
        "Sums of decimals are rounded: ten times 0.1, for one, is a little below 1. When no running total exceeds u, "
        "return the last token whose probability is not 0.",
    ),
    "q2 form": (
        "返回的列表要和 probs 一样长：被去掉的 token 留在原位，概率为 0。",
        "Return a list as long as probs: a token that is cut keeps its place, with probability 0.",
    ),
    "q2": (
        "不对。从概率最大的开始留，直到总和达到 p，其余归零，再归一化。",
        "Not yet. Keep from the likeliest down until the sum reaches p, set the rest to 0, then renormalise.",
    ),
    "not scaled": (
        "留下的 token 对了，但概率加起来不等于 1。每个都要除以留下的总和，这叫重新归一化。",
        "The right tokens are kept, but their sum is not 1: divide each by the sum of what is kept.",
    ),
    "moved": (
        "数值对了，位置不对。排序之后要放回原来的位置。",
        "The numbers are right but in the wrong places: put them back where they were before sorting.",
    ),
    "given order": (
        "要从概率最大的开始累加，不是按原来的顺序。",
        "Add up from the likeliest down, not in the given order.",
    ),
    "smallest": ("从最小的留起了：要从概率最大的开始。", "You begin with the smallest: begin with the likeliest."),
    "one more": (
        "多留了一个 token。累计概率一达到 p（等于也算达到）就停。",
        "One token too many is kept. Stop as soon as the running total reaches p (equal counts as reached).",
    ),
    "one less": (
        "少留了一个 token。使累计概率达到 p 的那个也要留下；至少留一个。",
        "One token too few is kept. The one with which the running total reaches p stays; one stays in any case.",
    ),
    "threshold": (
        "要达到 p 的是累计的概率，不是单个的；而且至少留一个。",
        "It is the running total that must reach p, not a single probability; and one token always stays.",
    ),
    "min-p": (
        "这是 min-p：和第一名的几倍比。top-p 看的是累计的概率。",
        "That is min-p, a comparison with the winner. Top-p looks at the running total.",
    ),
    "by p": (
        "要除以留下的概率之和，不是除以 p。",
        "Divide by the sum of the probabilities that are kept, not by p.",
    ),
    "rounded": ("不要四舍五入。", "Do not round."),
    "q4 form": ("返回的列表要和 logits 一样长。", "Return a list as long as logits."),
    "q4": (
        "不对。出现过的：正的分数除以 penalty，负的乘 penalty；其余不动。",
        "Not yet. Seen tokens: divide a positive score by the penalty, multiply a negative one; no others.",
    ),
    "unchanged": (
        "什么都没变。seen 里是序号（在 logits 里的位置），这些位置上的分数要罚。",
        "Nothing has changed. seen lists indices, places in logits: the scores there are punished.",
    ),
    "divides": (
        "负的分数除以 penalty 会变大，反而更容易被选中。负数要乘。",
        "A negative score divided by the penalty grows, so the token is likelier. Multiply it.",
    ),
    "multiplies": (
        "正的分数乘 penalty 会变大，反而更容易被选中。正数要除。",
        "A positive score times the penalty grows, so the token is likelier. Divide it.",
    ),
    "swapped": (
        "乘和除用反了：出现过的 token 现在更容易再出现。",
        "Times and divide are swapped: a token that was seen is now likelier.",
    ),
    "each time": (
        "一个 token 不管出现几次，都只罚一次。可以先把 seen 变成集合。",
        "A token is punished once, however often it was seen. Make seen a set first.",
    ),
    "everyone": ("没出现过的 token 也被罚了。", "Tokens that were never seen are punished too."),
    "q5": (
        "不对。拿显示的例子在纸上算：各个概率是多少，哪些是不可能的？",
        "Not right. Take the example shown and a sheet of paper: what are the probabilities, and which are impossible?",
    ),
    "percent": ("要的是 0 到 1 之间的数，不是百分数。", "A number from 0 to 1 is asked for, not per cent."),
    "possible": (
        "这是“可能的 token”占的份额。要的是不可能的：1 减去它。",
        "That is the share of the possible tokens. Wanted are the impossible ones: 1 minus it.",
    ),
    "no temperature": ("温度没有用上。", "The temperature was not used."),
    "probabilities": (
        "先把 logits 除以温度，再做 softmax；你除的好像是概率。",
        "Divide the logits by the temperature, then take softmax: you seem to have divided probabilities.",
    ),
    "times T": (
        "温度越高，分布应该越平。你好像是乘了温度：要除。",
        "The hotter, the flatter it should get. You seem to have multiplied by the temperature: divide.",
    ),
    "counted": (
        "这是不可能的 token 占几成。要的是它们的概率之和。",
        "That is how many of the tokens are impossible. Wanted is the sum of their probabilities.",
    ),
}


def _parts(rng, n, unit):
    """n positive whole numbers, no two alike, that sum to `unit`: probabilities whose sums floats hold exactly."""
    while True:
        cuts = sorted(rng.sample(range(1, unit), n - 1))
        parts = [b - a for a, b in zip([0, *cuts], [*cuts, unit], strict=True)]
        if len(set(parts)) == n:
            return parts


def _as_long(answer, right):
    return type(answer) is list and len(answer) == len(right)


@question("sampling.q1", answer="pick", kind="function")
def q1(pick, rng):
    expect(
        type(pick([0.25, 0.75], 0.5)) is int,
        t("要返回 token 的序号，是一个整数。", "Return the index of the token, a whole number."),
    )
    diagnose(pick, [_pick_case(rng, number % 3 == 0) for number in range(60)], HINTS, "q1")
    diagnose(pick, [_short_case(rng) for _ in range(20)], HINTS, "short sum")


def _pick_case(rng, exact):
    """exact: u is a running total, or 0."""
    unit = 1024
    cuts = sorted(rng.choices(range(0, unit + 1, 32), k=rng.randint(1, 6)))
    parts = [b - a for a, b in zip([0, *cuts], [*cuts, unit], strict=True)]
    parts.insert(rng.randrange(len(parts) + 1), 0)
    probs = [part / unit for part in parts]
    totals = list(accumulate(probs))
    if exact:
        u = rng.choice([0.0, *(x for x in totals if x < 1)])
    elif rng.random() < 0.5:
        u = (rng.randrange(unit) + rng.choice([0.5, 2**-10])) / unit
    else:  # just below a running total
        u = rng.choice([x - 2**-20 for x in totals if x])
    in_order = range(len(probs))
    by_size = sorted(in_order, key=lambda i: -probs[i])

    def first(holds, order=in_order):
        totals = accumulate(Fraction(probs[i]) for i in order)
        return next(i for i, total in zip(order, totals, strict=True) if holds(total))

    def above(total):
        return total > Fraction(u)

    right = first(above)
    single = [i for i, p in enumerate(probs) if p > u]
    return (probs, u), right, {
        "greedy": [by_size[0]],
        "sorted first": [first(above, by_size), first(above, by_size[::-1])],
        "equal": [first(lambda total: total >= Fraction(u))],
        "single": single[:1] or [i for i, p in enumerate(probs) if p or i == len(probs) - 1],
        "from one": [right + 1, right - 1],
    }  # fmt: skip


def _short_case(rng):
    """Tenths that add up to a little less than 1 in floats, with zeros among them and after them."""
    while True:
        probs = [part / 10 for part in (rng.choice([1, 1, 2, 3, 4]) for _ in range(rng.randint(3, 10)))]
        if 0.999 < sum(probs) < 1:
            break
    probs.insert(rng.randrange(len(probs)), 0.0)
    last = len(probs) - 1
    return (probs + rng.randint(0, 3) * [0.0], math.nextafter(1, 0)), last, {}


@question("sampling.q2", answer="nucleus", kind="function")
def q2(nucleus, rng):
    cases = [_nucleus_case(rng, number % 2 == 1) for number in range(40)]
    in_form(nucleus, cases, _as_long, HINTS["q2 form"])
    diagnose(nucleus, cases, HINTS, "q2", tolerance=1e-6)


def _nucleus_case(rng, exact):
    """exact: p is the sum of the likeliest few."""
    unit = 256
    probs = [part / unit for part in _parts(rng, rng.randint(3, 8), unit)]
    order = sorted(range(len(probs)), key=lambda i: -probs[i])
    totals = list(accumulate(probs[i] for i in order))
    p = (
        rng.choice([0.0, *totals])
        if exact
        else rng.choice([(rng.randrange(1, unit) + 0.5) / unit, *(x + 2**-20 for x in totals[:-1])])
    )

    def keep(kept, scaled=True):
        total = sum(probs[i] for i in kept) if scaled and kept else 1
        return [probs[i] / total if i in kept else 0.0 for i in range(len(probs))]

    def both(*ways):
        return [keep(kept, scaled) for kept in ways for scaled in (True, False)]

    def reached(order):
        return order[: next(n for n in range(1, len(order) + 1) if sum(probs[i] for i in order[:n]) >= p)]

    right = keep(reached(order))
    n, below = len(reached(order)), sum(total <= p for total in totals)
    high = [i for i in order if probs[i] >= p]
    return (probs, p), right, {
        "not scaled": [keep(order[:n], scaled=False)],
        "moved": [sorted(right), sorted(right, reverse=True)],
        "rounded": [[round(x, digits) for x in right] for digits in range(1, 5)],
        "by p": [[x / (p or 1) for x in keep(order[:n], scaled=False)]],
        "one more": both(order[: n + 1], order[: below + 1]),
        "one less": both(order[: n - 1], order[: max(1, n - 1)], order[:below], order[: max(1, below)]),
        "threshold": both(high, order[: max(1, len(high))]),
        "min-p": both([i for i in order if probs[i] >= p * max(probs)]),
        "given order": both(reached(range(len(probs)))),
        "smallest": both(reached(order[::-1])),
    }  # fmt: skip


def _top(logits, temperature):
    """The largest probability at this temperature, without overflow."""
    best = max(logits)
    return 1 / math.fsum(math.exp((logit - best) / temperature) for logit in logits)


@question("sampling.q3", answer="temperature_for", kind="function")
def q3(temperature_for, rng):
    for trial in range(25):
        large = trial % 5 == 4
        # the first are near the lower and the upper end of what the task promises: no draw hides a range too narrow
        end = {0: (0.1, 0.13), 1: (0.1, 0.13), 4: (1.7, 2), 9: (1.7, 2)}.get(trial, (0.1, 2))
        wish = 1.0
        while not 0.3 < wish < 0.95:
            spread = 3000 if large else 0.3 if trial < 2 else rng.choice([0.3, 3])
            temperature = spread * math.exp(rng.uniform(math.log(end[0]), math.log(end[1])))
            logits = [rng.gauss(rng.choice([2e6, -2e6]) if large else 0, spread) for _ in range(rng.randint(3, 6))]
            logits += [min(logits) - 3000 * spread] * rng.randint(0, 1)
            logits += [max(logits)] * (trial % 4 == 2)
            rng.shuffle(logits)
            wish = _top(logits, temperature)
        answer = temperature_for(logits, wish)
        expect(
            type(answer) in (int, float) and 0 < answer < math.inf,
            t("要返回一个大于 0 的数：温度。", "Return a number greater than 0: the temperature."),
        )
        reached = _top(logits, answer)
        if close(reached, wish, 1e-3):
            continue
        expect(
            not close(_top(logits, 1 / answer), wish, 1e-3),
            t(
                "你的答案是所求温度的倒数。logits 要除以温度，不是乘。",
                "Your answer is one over the temperature. Logits are divided by it, not multiplied.",
            ),
        )
        expect(
            not large,
            t(
                "logits 很大时不对。要么 exp 溢出了（先减去最大的 logit），要么二分范围太窄（温度可以到几千）。",
                "Wrong where logits are large. Either exp overflows (subtract the largest logit first), "
                "or the range that you halve is too narrow (temperatures here can be in the thousands).",
            ),
        )
        side = (
            t("温度太低，概率太集中", "the temperature is too low, the choice too sharp")
            if reached > wish
            else t(
                "温度太高，概率太平。二分的范围够低吗？需要的温度可能不到 0.1",
                "the temperature is too high, the choice too flat. Does the range that you halve begin low enough? "
                "Temperatures below 0.1 may be needed",
            )
        )
        expect(
            False,
            t(
                f"用你的温度，最大概率是 {reached:.4f}，应该是 {wish:.4f}（误差不超过 0.001）：{side}。",
                f"Your temperature makes the largest probability {reached:.4f}; wanted {wish:.4f} ± 0.001: {side}.",
            ),
        )


@question("sampling.q4", answer="penalise", kind="function")
def q4(penalise, rng):
    cases = [_penalty_case(rng) for _ in range(40)]
    in_form(penalise, cases, _as_long, HINTS["q4 form"])
    diagnose(penalise, cases, HINTS, "q4", tolerance=1e-6)
    expect(
        close(penalise([1.0, -1.0], [], 2.0), [1.0, -1.0]),
        t("seen 是空列表时，什么都不该变。", "When seen is empty nothing may change."),
    )


def _penalty_case(rng):
    import torch
    from transformers.generation.logits_process import RepetitionPenaltyLogitsProcessor

    logits = [rng.choice([-1, 1]) * rng.uniform(0.01, 6) for _ in range(rng.randint(4, 9))]
    logits += rng.choices(logits, k=2)
    logits[rng.randrange(len(logits))] = 0.0
    seen = [rng.randrange(len(logits)) for _ in range(rng.choice([1, 2, 3, 4, 30]))]
    a = rng.choice([1.2, 1.5, 2.0])
    library = RepetitionPenaltyLogitsProcessor(a)
    right = library(torch.tensor([seen]), torch.tensor([logits], dtype=torch.float64))[0].tolist()
    times, pairs = Counter(seen), list(enumerate(logits))
    return (logits, seen, a), right, {
        "unchanged": [logits],
        "divides": [[x / a if i in seen else x for i, x in pairs]],
        "multiplies": [[x * a if i in seen else x for i, x in pairs]],
        "swapped": [[x if i not in seen else x * a if x > 0 else x / a for i, x in pairs]],
        "each time": [[x / a ** times[i] if x > 0 else x * a ** times[i] for i, x in pairs]],
        "everyone": [[x / a if x > 0 else x * a for x in logits]],
    }  # fmt: skip


@question("sampling.q5", answer="impossible", kind="function")
def q5(impossible, rng):
    expect(
        type(impossible([0.0, 1.0, 2.0], [1], 1.5)) in (int, float),
        t(
            "要返回一个数：不可能的 token 的概率之和。",
            "Return one number: the sum of the impossible tokens' probabilities.",
        ),
    )
    diagnose(impossible, [_impossible_case(rng) for _ in range(40)], HINTS, "q5", tolerance=1e-6)


def _impossible_case(rng):
    logits = [rng.gauss(rng.choice([0, -40]), rng.choice([3, 30])) for _ in range(rng.randint(2, 12))]
    logits += rng.choices(logits, k=3)
    possible = rng.sample(range(len(logits)), rng.randint(1, len(logits)))
    others = [i for i in range(len(logits)) if i not in possible]
    T = rng.choice([0.5, 0.8, 1.5, 2, 3])

    def share(scores, some=others):
        weights = [math.exp(score) for score in scores]
        return sum(weights[i] for i in some) / sum(weights)

    cool = [math.exp(z) / sum(map(math.exp, logits)) for z in logits]
    right = share([z / T for z in logits])
    return (logits, possible, T), right, {
        "possible": [share([z / T for z in logits], possible)],
        "no temperature": [share(logits)],
        "probabilities": [
            share([p / T for p in cool]),
            sum(cool[i] / T for i in others),
            1 - sum(cool[i] / T for i in possible),
        ],
        "times T": [share([z * T for z in logits])],
        "counted": [len(others) / len(logits), len(others)],
        "percent": [100 * right],
        "rounded": [round(right, digits) for digits in range(1, 5)],
    }  # fmt: skip
