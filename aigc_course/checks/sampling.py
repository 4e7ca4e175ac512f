"""Checks of the lab `sampling`. Oracles: exact fractions, brute force, transformers and the bundled model itself."""

import math
from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import accumulate

from aigc_course.checks import close, expect, question
from aigc_course.i18n import t

PROMPT = "我最喜欢的颜色是"
TEMPERATURES = (1.0, 1.5, 2.0)


def _expect_equal(answer, right, mistakes, otherwise, same=close):
    """Nothing if `answer` is `right`, else the hint of the first (value, hint) of `mistakes` that it equals."""
    if not same(answer, right):
        for value, hint in mistakes:
            expect(not same(answer, value), hint)
        expect(False, otherwise)


def _parts(rng, n, unit):
    """n positive whole numbers, no two alike, that sum to `unit`: probabilities whose sums floats hold exactly."""
    while True:
        cuts = sorted(rng.sample(range(1, unit), n - 1))
        parts = [b - a for a, b in zip([0, *cuts], [*cuts, unit], strict=True)]
        if len(set(parts)) == n:
            return parts


@question("sampling.q1", answer="pick", kind="function")
def q1(pick, rng):
    def first_above(probs, u, order):
        totals = accumulate(Fraction(probs[i]) for i in order)
        return next(i for i, total in zip(order, totals, strict=True) if total > Fraction(u))

    expect(
        type(pick([0.25, 0.75], 0.5)) is int,
        t("要返回 token 的序号，是一个整数。", "Return the index of the token, a whole number."),
    )
    unit = 64
    for trial in range(60):
        parts = _parts(rng, rng.randint(2, 7), unit)
        parts.insert(rng.randrange(len(parts) + 1), 0)
        probs = [part / unit for part in parts]
        totals = [total for total in accumulate(probs) if total < 1]
        # every third time exactly a running total, 0 among them
        u = rng.choice([0.0, *totals]) if trial % 3 == 0 else (rng.randrange(unit) + 0.5) / unit
        answer = pick(probs, u)
        by_size = sorted(range(len(probs)), key=lambda i, probs=probs: -probs[i])
        mistakes = [
            (
                by_size[0],
                t("好像总是选概率最大的那个。要由 u 来决定。", "You seem to take the likeliest token. Let u decide."),
            ),
            (
                first_above(probs, u, by_size),
                t("不要先排序：按原来的顺序累加。", "Do not sort first: add up in the given order."),
            ),
        ]
        if type(answer) is int and 0 <= answer < len(probs) and probs[answer] == 0:
            expect(
                answer == first_above(probs, u, range(len(probs))),
                t(
                    "选中了概率为 0 的 token。累计概率恰好等于 u 时（例如 u = 0）还不能选它。",
                    "A token of probability 0 was picked. A running total equal to u (say, u = 0) is not enough.",
                ),
            )
        _expect_equal(
            answer,
            first_above(probs, u, range(len(probs))),
            mistakes if trial % 3 else [],
            t(
                "选错了。要的是累计概率第一个大于 u 的 token 的序号：从 0 开始数，等于 u 还不算。",
                "Wrong token. Wanted: the index, from 0, of the first whose running total is above u (not equal).",
            ),
        )
    expect(
        close(pick([0.1] * 10 + [0.0], 0.9999999999999999), 9),
        t(
            "小数相加有舍入误差：十个 0.1 的和略小于 1。累计到最后都不大于 u 时，请返回最后一个概率不为 0 的 token。",
            "Sums of decimals are rounded: ten times 0.1 is a little below 1. When no running total exceeds u, "
            "return the last token whose probability is not 0.",
        ),
    )


@question("sampling.q2", answer="nucleus", kind="function")
def q2(nucleus, rng):
    unit = 256
    for trial in range(40):
        probs = [part / unit for part in _parts(rng, rng.randint(3, 8), unit)]
        order = sorted(range(len(probs)), key=lambda i, probs=probs: -probs[i])
        if trial % 2:  # p is exactly the sum of the likeliest few
            p = sum(probs[i] for i in order[: rng.randint(1, len(probs))])
        else:
            p = (rng.randrange(1, unit) + 0.5) / unit
        n = next(n for n in range(1, len(probs) + 1) if sum(probs[i] for i in order[:n]) >= p)

        def keep(number, scaled=True, probs=probs, order=order):
            kept = order[:number]
            total = sum(probs[i] for i in kept) if scaled else 1
            return [probs[i] / total if i in kept else 0.0 for i in range(len(probs))]

        answer = nucleus(probs, p)
        expect(
            type(answer) is list and len(answer) == len(probs),
            t(
                "返回的列表要和 probs 一样长：被去掉的 token 留在原位，概率为 0。",
                "Return a list as long as probs: a token that is cut keeps its place, with probability 0.",
            ),
        )
        one_more = t(
            "多留了一个 token。累计概率一达到 p（等于也算达到）就停。",
            "One token too many is kept. Stop as soon as the running total reaches p (equal counts as reached).",
        )
        one_less = t(
            "少留了一个 token。使累计概率达到 p 的那个也要留下。",
            "One token too few is kept. The one with which the running total reaches p stays.",
        )
        _expect_equal(
            answer,
            keep(n),
            [
                (
                    keep(n, scaled=False),
                    t(
                        "留下的 token 对了，但概率加起来不等于 1。每个都要除以留下的总和，这叫重新归一化。",
                        "The right tokens are kept, but their sum is not 1: divide each by the sum of what is kept.",
                    ),
                ),
                (
                    sorted(keep(n), reverse=True),
                    t(
                        "数值对了，位置不对。排序之后要放回原来的位置。",
                        "The numbers are right but in the wrong places: put them back where they were before sorting.",
                    ),
                ),
                *[(keep(n + 1, scaled), one_more) for scaled in (True, False)],
                *[(keep(n - 1, scaled), one_less) for scaled in (True, False) if n > 1],
                (
                    [0.0] * len(probs),
                    t(
                        "一个也没留下。要达到 p 的是累计的概率，不是单个的；而且至少留一个。",
                        "Nothing is kept. It is the running total that must reach p, not a single probability; "
                        "and one token always stays.",
                    ),
                ),
                (
                    [x / p for x in keep(n, scaled=False)],
                    t(
                        "要除以留下的概率之和，不是除以 p。",
                        "Divide by the sum of the probabilities that are kept, not by p.",
                    ),
                ),
                *[
                    ([round(x, digits) for x in keep(n)], t("不要四舍五入。", "Do not round."))
                    for digits in range(1, 5)
                ],
            ],
            t(
                "不对。从概率最大的开始留，直到总和达到 p，其余归零，再归一化。",
                "Not yet. Keep from the likeliest down until the sum reaches p, set the rest to 0, then renormalise.",
            ),
        )


def _top(logits, temperature):
    """The largest probability at this temperature, without overflow."""
    best = max(logits)
    return 1 / math.fsum(math.exp((logit - best) / temperature) for logit in logits)


@question("sampling.q3", answer="temperature_for", kind="function")
def q3(temperature_for, rng):
    for trial in range(25):
        large = trial % 5 == 4
        wish = 1.0
        while not 0.3 < wish < 0.95:
            spread = 1000 if large else rng.choice([0.3, 3])
            temperature = spread * math.exp(rng.uniform(math.log(0.1), math.log(2)))
            logits = [rng.gauss(2e6 if large else 0, spread) for _ in range(rng.randint(3, 6))]
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
            else t("温度太高，概率太平", "the temperature is too high, the choice too flat")
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
    import torch
    from transformers.generation.logits_process import RepetitionPenaltyLogitsProcessor

    for _ in range(40):
        logits = [rng.choice([-1, 1]) * rng.uniform(0.5, 6) for _ in range(rng.randint(4, 9))]
        logits[rng.randrange(len(logits))] = 0.0
        seen = [rng.randrange(len(logits)) for _ in range(rng.randint(1, 6))]
        a = rng.choice([1.2, 1.5, 2.0])
        library = RepetitionPenaltyLogitsProcessor(a)
        right = library(torch.tensor([seen]), torch.tensor([logits], dtype=torch.float64))[0].tolist()
        times = Counter(seen)
        answer = penalise(logits, seen, a)
        expect(
            type(answer) is list and len(answer) == len(logits),
            t("返回的列表要和 logits 一样长。", "Return a list as long as logits."),
        )
        pairs = list(enumerate(logits))
        _expect_equal(
            answer,
            right,
            [
                (
                    logits,
                    t(
                        "什么都没变。seen 里是序号（在 logits 里的位置），这些位置上的分数要罚。",
                        "Nothing has changed. seen lists indices, places in logits: the scores there are punished.",
                    ),
                ),
                (
                    [x / a if i in seen else x for i, x in pairs],
                    t(
                        "负的 logit 除以 penalty 会变大，反而更容易被选中。负数要乘。",
                        "A negative logit divided by the penalty grows, so the token is likelier. Multiply it.",
                    ),
                ),
                (
                    [x * a if i in seen else x for i, x in pairs],
                    t(
                        "正的 logit 乘 penalty 会变大，反而更容易被选中。正数要除。",
                        "A positive logit times the penalty grows, so the token is likelier. Divide it.",
                    ),
                ),
                (
                    [x if i not in seen else x * a if x > 0 else x / a for i, x in pairs],
                    t(
                        "乘和除用反了：出现过的 token 现在更容易再出现。",
                        "Times and divide are swapped: a token that was seen is now likelier.",
                    ),
                ),
                (
                    [x / a ** times[i] if x > 0 else x * a ** times[i] for i, x in pairs],
                    t(
                        "一个 token 不管出现几次，都只罚一次。可以先把 seen 变成集合。",
                        "A token is punished once, however often it was seen. Make seen a set first.",
                    ),
                ),
                (
                    [x / a if x > 0 else x * a for _, x in pairs],
                    t("没出现过的 token 也被罚了。", "Tokens that were never seen are punished too."),
                ),
            ],
            t(
                "不对。出现过的：正的 logit 除以 penalty，负的乘 penalty；其余不动。",
                "Not yet. Seen tokens: divide a positive logit by the penalty, multiply a negative one; no others.",
            ),
        )
    expect(
        penalise([1.0, -1.0], [], 2.0) == [1.0, -1.0],
        t("seen 是空列表时，什么都不该变。", "When seen is empty nothing may change."),
    )


@cache
def _measured():
    """The model's invalid mass at each of TEMPERATURES; if probabilities were divided; if logits were multiplied."""
    import torch

    from aigc_course import grammar, hub

    model, tokenizer = hub.load_lm("lm", tier="cpu")
    ids = tokenizer(PROMPT)["input_ids"]
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0, -1].double()
    possible = list(grammar.next_token_probs(ids, tokenizer))

    def invalid(scores):
        return 1 - float(scores.softmax(-1)[possible].sum())

    ways = (lambda T: logits / T, lambda T: logits.softmax(-1) / T, lambda T: logits * T)
    return [[invalid(way(T)) for T in TEMPERATURES] for way in ways]


def _near(answer, truth):
    """Each number within 2 % and 0.0002 of the truth."""
    return all(abs(a - b) <= 2e-4 + 0.02 * b for a, b in zip(answer, truth, strict=True))


@question("sampling.q5", answer="invalid", kind="value")
def q5(invalid, rng):
    truth, of_probabilities, of_products = _measured()
    expect(
        type(invalid) is list and len(invalid) == len(truth) and all(type(x) in (int, float) for x in invalid),
        t("invalid 是三个数的列表，依次对应温度 1、1.5、2。", "invalid is a list of three numbers, for 1, 1.5 and 2."),
    )
    _expect_equal(
        invalid,
        truth,
        [
            (
                [100 * x for x in truth],
                t("要的是 0 到 1 之间的份额，不是百分数。", "A share from 0 to 1 is asked for, not per cent."),
            ),
            (
                [1 - x for x in truth],
                t(
                    "这是“可能的 token”占的份额。要的是不可能的：1 减去它。",
                    "That is the share of the possible tokens. Wanted are the impossible ones: 1 minus it.",
                ),
            ),
            (
                of_probabilities,
                t(
                    "先把 logits 除以温度，再做 softmax；你除的好像是概率。",
                    "Divide the logits by the temperature, then take softmax: you seem to have divided probabilities.",
                ),
            ),
            (truth[::-1], t("顺序反了：先是温度 1，最后是 2。", "The order is reversed: temperature 1 first, 2 last.")),
            (
                [round(x, 2) for x in truth],
                t("四舍五入得太早了：不要取整，至少留四位小数。", "Rounded too much: keep at least four decimals."),
            ),
            (
                of_products,
                t(
                    "温度越高，分布应该越平。你好像是乘了温度：要除。",
                    "The hotter, the flatter it should get. You seem to have multiplied by the temperature: divide.",
                ),
            ),
            (
                [truth[0]] * 3,
                t("三个数一样：温度没有用上。", "The three numbers are equal: the temperature was not used."),
            ),
        ],
        t(
            "和模型给出的不符。提示词、温度、哪些 token 可能，各查一遍。",
            "Not what the model gives. Check the prompt, the temperatures and which tokens are possible.",
        ),
        same=_near,
    )
