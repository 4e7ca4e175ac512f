"""Checks of the lab `limits`. Oracles: fractions, whole numbers, the roots of Wilson's equation, decimals.

What is drawn keeps so far from ties that no order of computing decides: a right answer passes with each seed.
"""

import math
import re
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction

from aigc_course.checks import close, diagnose, in_form, question

NEVER = 1.1  # the threshold above every confidence
CLASSES = ("never", "seldom", "often")
UNITS = {
    "B": ("data", 1), "KB": ("data", 10**3), "MB": ("data", 10**6), "GB": ("data", 10**9),
    "s": ("time", 1), "min": ("time", 60), "h": ("time", 3600),
    "%": ("share", 1), "points": ("difference", 1),
}  # fmt: skip
# what a text may tell, and in which units
FIGURES = {
    "memory": ("MB", "GB"),
    "disk": ("MB", "GB"),
    "time": ("s", "min", "h"),
    "wait": ("s", "min"),
    "rate": ("%",),
    "gain": ("points",),
}

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
# fmt: off
HINTS = {
    "reliability form": ("要返回 [表, ECE]，表的每一行是 [几个, 平均把握, 正确率]。",
        "Return [table, ECE]; each row of the table is [how many, mean confidence, accuracy]."),
    "ece": ("表对了，ECE 不对。拿题目例子的两组在纸上算：各差多少，各占几分之几？",
        "The table is right, the ECE is not. Take the two bins of the example: what gap, and what weight, has each?"),
    "middle": ("平均把握，是组里各个把握的平均，不是这一组正中间的数。",
        "The mean confidence is that of the answers in the bin, not the middle of the bin."),
    "columns": ("每行依次是 [几个回答, 平均把握, 正确率]，正确率是对的占几分之几。",
        "A row is [how many answers, mean confidence, accuracy], in this order; accuracy is the share that is right."),
    "rounded": ("不要四舍五入。", "Do not round."),
    "q1": ("不对。拿题目的例子在纸上分一次组：哪个回答进哪一组？",
        "Not right. Sort the answers of the example into bins on paper: which goes where?"),
    "edges": ("正好在两组边上的，属于下面一组。",
        "What lies exactly on the edge of two bins belongs to the lower one."),
    "zero": ("把握是 0 的回答属于第一组，不能丢掉。", "A confidence of 0 belongs to the first bin: do not lose it."),
    "empty": ("空的组不写进表里。", "Bins without an answer are left out of the table."),
    "equal bins": ("每一组要按回答的个数加权：大组算得多。",
        "Each bin counts by its number of answers: the larger, the more."),
    "signed": ("每组的差先取绝对值再加：太自信和太谦虚不能抵消。",
        "Take the absolute gap of each bin before you add: too sure and too modest must not cancel out."),
    "not divided": ("ECE 还要除以一共有几个回答。", "The ECE is divided by the number of all answers."),
    "no zero": ("少了一个候选：0，全都答。", "One candidate is missing: 0, answer everything."),
    "lengths": ("第二半有几题，就除以几：两半不一定一样长。",
        "On the second half divide by its own length: the halves need not be equally long."),
    "choose form": ("要返回四个数：[阈值, 第一半的代价, 第二半的代价, 第二半的覆盖率]。",
        "Return four numbers: [threshold, cost on the first half, cost on the second, coverage on the second]."),
    "q2": ("不对。把第一半列成表，给每个候选阈值算一共亏多少。",
        "Not right. Make a table of the first half, and add up the costs for each threshold that may be chosen."),
    "second chooses": ("阈值是用第二半挑的：那一半只用来算账。",
        "The threshold was chosen on the second half: that half is for the accounts only."),
    "accounts on first": ("第三个数要在第二半上算：在挑的那一半上算，会偏乐观。",
        "The third number is for the second half: on the half that chose, the cost is flattering."),
    "highest": ("代价一样的，要取最低的阈值。", "Of thresholds that cost the same take the lowest."),
    "above": ("把握等于阈值的，也要回答。", "Where confidence equals the threshold, the question is answered."),
    "no never": ("少了一个候选：1.1，一题也不答。有时最省的就是它。",
        "One candidate is missing: 1.1, answer nothing. Sometimes that is the cheapest."),
    "formula": ("这是公式给的阈值，只在把握完全可信时才最好。这里让数据来挑。",
        "That is the formula's threshold, best only where confidence can be trusted. Here the data choose."),
    "errors only": ("挑的时候只数了答错的，没有算不答的代价。",
        "Only errors were counted when choosing: silence has its cost too."),
    "totals": ("代价要的是平均每题，不是一共。", "The costs are for a question on average, not in total."),
    "silent share": ("覆盖率是肯答的占多少，不是不答的。", "Coverage is the share that is answered, not the rest."),
    "rates form": ("要返回一个字典，键是 never、seldom、often，值是 [比率, 下界, 上界]；一题也没答的是 None。",
        "Return a dict with never, seldom, often; the values are [rate, low, high], or None if none was answered."),
    "q3": ("不对。先数每一类答了几题、错了几题，再代进公式。",
        "Not right. Count first, how many of each class were answered and how many wrongly; then use the formula."),
    "accuracy": ("这是正确率。幻觉率是答错的占多少。", "That is the accuracy. Wanted is the share of wrong answers."),
    "silent wrong": ("空的回答是“不知道”，不是幻觉：不算答过，也不算错。",
        "An empty answer says “I don't know”: it is neither answered nor wrong."),
    "wald": ("这是 ± 1.96 × √(p(1−p)/n)，会超出 0 到 1；全错、全对时没有宽度。要用 Wilson 区间。",
        "That is ± 1.96 × √(p(1−p)/n), which leaves 0 to 1, and has no width where all are wrong. Use Wilson's."),
    "letter": ("和 truth 一模一样才算对：多几个字、少几个字、大小写不同，都是答错。",
        "Only what equals the truth to the letter is right: a word, letter or capital more or less makes it wrong."),
    "classes": ("分类的边界不对：0 次；1 到 9 次；10 次以上（含 10 次）。",
        "The classes are not right: 0 times; 1 to 9 times; 10 times and more."),
    "verify form": ("每句话一个判词：'yes'、'no'、'unit' 或 'missing'。",
        "One verdict for each statement: 'yes', 'no', 'unit' or 'missing'."),
    "q4": ("不对。一句一句看：把原文的数换成话里的单位，再看话里写到第几位。",
        "Not right. Go through the statements: turn the source's figure into the unit said; how many decimals?"),
    "zero lost": ("写成 3.90，就说到两位：位数要数文字里的，变成数以后，末尾的 0 就没有了。",
        "3.90 says two decimals: count those of the text, for a number loses the 0 at its end."),
    "exact": ("写到第几位，就四舍五入到第几位来比：原文 3.87，说 3.9 是对的。",
        "Round to as many decimals as the statement has: with 3.87 in the source, 3.9 is right."),
    "units ignored": ("单位没有换算：3.9 GB 是 3900 MB，不是 3.9 MB。",
        "Units are not converted: 3.9 GB is 3900 MB, and is not 3.9 MB."),
    "about": ("差百分之几就放过，不行：看写到第几位，3.90 比 3.9 要求更严。",
        "A few per cent off will not do: the decimals decide, and 3.90 asks for more than 3.9."),
    "cut off": ("3.87 舍成 3.8 不行：要四舍五入，不是砍掉后面的。",
        "3.87 is 3.9 and not 3.8: round, do not cut off."),
    "missing no": ("原文没有说的，是 'missing' 不是 'no'：没有说，不等于说了相反的。",
        "What the source does not tell is 'missing', not 'no': to be silent is not to contradict."),
    "unit no": ("单位不是一类的，是 'unit'；百分点和百分之几也不是一类。",
        "Units of two kinds make it 'unit'; percentage points and per cent are two kinds."),
    "invented form": ("要返回一个字典，键是 zh 和 en，值是 [错了几个, 其中像样的几个]。",
        "Return a dict with the keys zh and en; the values are [how many wrong, how many of those plausible]."),
    "own colour": ("答对的也当成错的了：“红色的”和“红色”是一样的，用 same 比。",
        "Right answers are taken for wrong ones: Chinese may put a particle after a colour. Compare by `same`."),
    "any relation": ("只有同一类的才算像样：问首都，答了一种颜色，不像样。",
        "Only the same relation counts: asked for a capital, a colour is not plausible."),
    "any language": ("只有同一种语言的才算像样：用中文问，答了英文，不像样。",
        "Only the same language counts: asked in Chinese, an answer in English is not plausible."),
    "implausible": ("第二个数反了：要像样的几个，不是不像样的。",
        "The second number is the other way round: wanted are the plausible ones."),
    "swapped": ("次序反了：先是错了几个，再是其中像样的几个。",
        "The wrong order: first how many are wrong, then how many of those are plausible."),
    "together": ("两种语言要分开数。", "Count the two languages apart."),
    "different": ("数的是回答，不是不同的答案：同一个错答案出现两次，算两个。",
        "Count answers, not different answers: the same wrong answer twice makes two."),
    "q5": ("不对。先数错的；再看其中几个，是同一种语言、同一类里另一个事实的答案。",
        "Not right. Count the wrong ones, then those that answer another fact of the same language and relation."),
    "right counted": ("对的也数进去了：只数错的。", "Right answers are counted too: only the wrong ones are wanted."),
    "to the letter": ("像样的少数了几个：“红色的”和“红色”是一样的，用 same 比。",
        "Some plausible ones are missed: Chinese may put a particle after a colour. Compare by `same`."),
    "shares": ("要的是个数，不是份额。", "Counts are wanted, not shares."),
}
# fmt: on


def _check(function, cases, has_form, form, otherwise, tolerance=1e-6, nearly=None):
    """Each answer has the form that is asked for, and is right; has_form(answer, right answer). nearly: the hint where
    at least the first part of each answer is right."""
    answers = in_form(function, cases, has_form, HINTS[form])
    if nearly and all(close(answer[0], right[0]) for (_, right, _), answer in zip(cases, answers, strict=True)):
        otherwise = nearly
    diagnose(function, cases, HINTS, otherwise, tolerance)


def _is_list(answer, length):
    return type(answer) is list and len(answer) == length


# ---- 1. a reliability table ----------------------------------------------------------------------------------------


@question("limits.q1", answer="reliability", kind="function")
def q1(reliability, rng):
    def has_form(answer, _):
        return _is_list(answer, 2) and type(answer[0]) is list and all(_is_list(row, 3) for row in answer[0])

    _check(reliability, [_exam(rng, number) for number in range(20)], has_form, "reliability form", "q1", nearly="ece")


def _exam(rng, number):
    """Confidences in 128ths: with 4 or 8 bins one lies on an edge, with 5 or 10 bins none does but 0 and 1."""
    bins = (4, 5, 8, 10)[number % 4]
    places = [rng.choice([*range(64), *range(65, 129)]) for _ in range(rng.randint(3, 7))]
    if number % 2 == 0:
        places[0] = rng.choice([32, 64, 96])
    if number % 5 == 0:
        places[1] = 0
    if number % 5 == 1:
        places[1] = 128
    if number % 4 == 2:  # one confidence twice, once right and once wrong
        places[2] = places[0]
    sure = [Fraction(place, 128) for place in places]
    right = [rng.random() < 0.3 + 0.4 * float(x) for x in sure]
    if number % 4 == 2:
        right[2] = not right[0]
    if number in (5, 15):
        sure, right = [Fraction(0), Fraction(1)], [True, False]

    def table(place, empty=False):
        rows = []
        for b in range(1, bins + 1):
            here = [i for i, x in enumerate(sure) if place(x) == b]
            if here:
                hits = sum(right[i] for i in here)
                rows.append([len(here), sum(sure[i] for i in here) / len(here), Fraction(hits, len(here))])
            elif empty:
                rows.append([0, 0, 0])
        return rows

    def answer(rows, ece=None):
        gaps = sum(n * abs(hits - mean) for n, mean, hits in rows) / max(1, sum(row[0] for row in rows))
        return [[[n, float(mean), float(hits)] for n, mean, hits in rows], float(gaps if ece is None else ece)]

    rows = table(lambda x: max(1, math.ceil(x * bins)))
    count, signed = len(sure), sum(n * (hits - mean) for n, mean, hits in rows) / len(sure)
    right_answer, without = answer(rows), table(lambda x: math.ceil(x * bins))
    used = sorted({max(1, math.ceil(x * bins)) for x in sure})
    middle = [[n, Fraction(2 * b - 1, 2 * bins), hits] for b, (n, _, hits) in zip(used, rows, strict=True)]
    mistakes = {
        "edges": [answer(table(lambda x: min(bins, math.floor(x * bins) + 1)))],
        "zero": [answer(without), answer(without, answer(without)[1] * sum(row[0] for row in without) / count)],
        "empty": [answer(table(lambda x: max(1, math.ceil(x * bins)), empty=True))],
        "equal bins": [answer(rows, sum(abs(hits - mean) for _, mean, hits in rows) / len(rows))],
        "signed": [answer(rows, value) for value in (signed, -signed, abs(signed))],
        "not divided": [answer(rows, right_answer[1] * count)],
        "middle": [answer(middle), answer(middle, right_answer[1])],
        "columns": [
            answer([[n, hits, mean] for n, mean, hits in rows]),
            answer([[n, mean, n * hits] for n, mean, hits in rows], right_answer[1]),
        ],
        "rounded": [
            [[[n, *(round(x, digits) for x in pair)] for n, *pair in right_answer[0]], round(right_answer[1], more)]
            for digits in (2, 3, 4, 9)
            for more in (2, 3, 4, 9)
        ],
    }
    return ([float(x) for x in sure], right, bins), right_answer, mistakes


# ---- 2. a threshold, chosen on one half ----------------------------------------------------------------------------


@question("limits.q2", answer="choose", kind="function")
def q2(choose, rng):
    cases = [_halves(rng, number) for number in range(24)]

    def has_form(answer, _):
        return _is_list(answer, 4) and all(type(x) in (int, float) for x in answer)

    _check(choose, cases, has_form, "choose form", "q2")


def _halves(rng, number):
    """Two halves. On the first, one set of answers is cheaper than any other; in every fourth case several cost the
    same, and the lowest threshold is not the first to occur. No rounding can decide: all the shares are exact."""
    wrong = rng.choice([4, 10, 12])
    # ties are rare unless an error costs as much as two silences; where it costs as much as one, 0 is always cheapest
    tie = number % 3 == 2 and number % 4 > 0
    silent = wrong // 2 if tie else wrong if number % 4 == 0 else rng.randint(1, wrong - 1)

    def total(half, threshold, above=False, silent=silent):
        kept = [right for sure, right in half if (sure > threshold if above else sure >= threshold)]
        return wrong * kept.count(False) + silent * (len(half) - len(kept))

    def cheapest(half, never=True, zero=True, **rules):
        """All the cheapest thresholds, in the order in which they occur: 0 first, the largest last."""
        candidates = [*([0.0] if zero else []), *dict.fromkeys(sure for sure, _ in half), *([NEVER] if never else [])]
        least = min(total(half, x, **rules) for x in candidates)
        return [x for x in candidates if total(half, x, **rules) == least]

    while True:
        sizes = rng.choice([4, 8, 16]), rng.choice([3, 5, 8, 11])
        sure = [[rng.choice([0, *range(1, 32, 3), 32]) / 32 for _ in range(size)] for size in sizes]
        skill = (lambda x: 0.7) if silent == wrong else (lambda x: x * (number % 3 + 1) / 3)
        first, second = ([[x, rng.random() < skill(x)] for x in half] for half in sure)
        best = cheapest(first)
        kept = {sum(x >= threshold for x in sure[0]) for threshold in best}
        if (best[0] > min(best) and kept <= {0, 1, 2, 4, 8, 16}) if tie else len(kept) == 1:
            break

    def answer(threshold, above=False, accounts=second):
        covered = sum((sure > threshold if above else sure >= threshold) for sure, _ in second) / len(second)
        costs = (total(half, threshold, above) / len(half) for half in (first, accounts))
        return [threshold, *costs, covered]

    right = answer(min(best))
    mistakes = {
        "second chooses": [answer(min(cheapest(second)))],
        "accounts on first": [answer(min(best), accounts=first)],
        "no zero": [answer(min(cheapest(first, zero=False)))],
        "highest": [answer(max(best)), answer(best[0]), answer(best[-1])],
        "lengths": [
            [*right[:2], right[2] * len(second) / len(first), x]
            for x in (right[3], right[3] * len(second) / len(first))
        ],
        "above": [answer(min(cheapest(first, above=True)), above=True)],
        "no never": [answer(min(cheapest(first, never=False)))],
        "formula": [answer(max(0.0, 1 - silent / wrong))],
        "errors only": [answer(min(cheapest(first, silent=0)))],
        "totals": [[right[0], right[1] * len(first), right[2] * len(second), right[3]]],
        "silent share": [[*right[:3], 1 - right[3]]],
    }
    return (first, second, wrong, silent), right, mistakes


# ---- 3. rates of hallucination with intervals ----------------------------------------------------------------------


@question("limits.q3", answer="rates", kind="function")
def q3(rates, rng):
    def has_form(answer, _):
        keys = type(answer) is dict and set(answer) == set(CLASSES)
        return keys and all(x is None or _is_list(x, 3) for x in answer.values())

    _check(rates, [_asked(rng, number) for number in range(20)], has_form, "rates form", "q3", 2e-4)


def _asked(rng, number):
    """Answers of all three classes; in some cases a class has none, or only silence, or is all wrong or all right."""
    answers = []
    for kind, times in zip(CLASSES, ([0], [1, 2, 9], [10, 11, 1000]), strict=True):
        wrong = rng.choice([0.0, 0.4, 0.6, 1.0])
        for _ in range(rng.choice([0, 3, 5, 9])):
            truth = rng.choice(["Paris", "Lima", "Oslo"])
            near = rng.choice([truth.lower(), truth.upper(), f"{truth}.", f" {truth}", f"{truth} or Rome", truth[:-1]])
            said = truth if rng.random() >= wrong else rng.choice(["Rome", "Cairo", near])
            if (number % 6 == 5 and kind == "seldom") or rng.random() < 0.25:
                said = ""
            answers.append({"times": rng.choice(times), "said": said, "truth": truth})
    rng.shuffle(answers)
    if number == 18:  # one letter more, less, or other
        near = ("Lima ", "Lima\n", "not Lima", "Lima, in Peru", "lima", "Lim", "Lima的", " ", "I don't know", "不知道")
        answers = [{"times": 12, "said": said, "truth": "Lima"} for said in ("Lima", *near)]

    def found(kind=_kind, silent=False, interval=_wilson, turned=False, same=str.__eq__):
        result = {}
        for name in CLASSES:
            asked = [a for a in answers if kind(a["times"]) == name]
            given = asked if silent else [a for a in asked if a["said"]]
            wrong = sum(same(a["said"], a["truth"]) is turned for a in given)
            result[name] = [wrong / len(given), *interval(wrong, len(given))] if given else None
        return result

    # said and truth are the same: without capitals, spaces, the full stop; one within the other
    loose = (
        lambda a, b: a.lower() == b.lower(),
        lambda a, b: a.strip() == b.strip(),
        lambda a, b: a.strip().lower() == b.lower(),
        lambda a, b: a.strip(" .").lower() == b.lower(),
        lambda a, b: b in a,
        lambda a, b: a in b,
        lambda a, b: a in b or b in a,
        lambda a, b: b.lower() in a.lower(),
        lambda a, b: a.startswith(b),
    )
    exact = found()
    mistakes = {
        "silent wrong": [found(silent=True)],
        "accuracy": [found(turned=True)],
        "letter": [found(same=same) for same in loose],
        "rounded": [{name: x and [round(y, digits) for y in x] for name, x in exact.items()} for digits in (1, 2, 3)],
        "wald": [found(interval=_wald), found(interval=lambda k, n: [min(1, max(0, x)) for x in _wald(k, n)])],
        "classes": [
            found(kind=lambda n: "never" if n == 0 else "often" if n > 10 else "seldom"),
            found(kind=lambda n: "never" if n <= 1 else "often" if n >= 10 else "seldom"),
        ],
    }
    return (answers,), exact, mistakes


def _kind(times):
    return CLASSES[(times > 0) + (times >= 10)]


def _wilson(wrong, n, z=1.96):
    """The shares p at which (wrong / n - p)² = z² p (1 - p) / n: the roots of a quadratic."""
    a, half_b, share = 1 + z * z / n, wrong / n + z * z / (2 * n), wrong / n  # a p² - 2 half_b p + share² = 0
    root = math.sqrt(half_b**2 - a * share**2)
    return [(half_b - root) / a, (half_b + root) / a]


def _wald(wrong, n):
    share = wrong / n
    spread = 1.96 * math.sqrt(share * (1 - share) / n)
    return share - spread, share + spread


# ---- 4. statements against a source --------------------------------------------------------------------------------


@question("limits.q4", answer="verify", kind="function")
def q4(verify, rng):
    def has_form(answer, right):
        return _is_list(answer, len(right)) and all(x in ("yes", "no", "unit", "missing") for x in answer)

    _check(verify, [_report(rng, number) for number in range(30)], has_form, "verify form", "q4")


def _report(rng, number):
    """Statements about a source of three figures, each far from the edge of what may be rounded to it."""
    source, said = {}, []
    *names, unsaid = rng.sample(list(FIGURES), 4)
    for what in names:
        source[what] = [round(rng.randint(2, 99) + rng.choice([0.13, 0.37, 0.64, 0.86]), 2), rng.choice(FIGURES[what])]
    for _ in range(rng.randint(1, 4)):
        said.append(_statement(rng, source, unsaid))
    right = [_verdict(one, source) for one in said]

    def all_by(**rules):
        return [_verdict(one, source, **rules) for one in said]

    converts = (
        _in_unit,
        lambda value, its, unit: value * UNITS[its][1] / UNITS[unit][1],
        lambda value, its, unit: value * (UNITS[its][1] / UNITS[unit][1]),
    )
    swapped = [{"missing": "no"}, {"unit": "no"}, {"unit": "missing"}, {"unit": "no", "missing": "no"}]
    swapped = [[words.get(x, x) for x in right] for words in swapped]
    mistakes = {
        # also in floats, as a student computes it: int(4.64 * 100) is 463
        "exact": [
            all_by(rule=lambda value, number, _: float(value) == float(number), convert=convert) for convert in converts
        ],
        "units ignored": [all_by(convert=lambda value, *_: Decimal(str(value)))],
        "about": [
            all_by(rule=lambda value, number, _, share=share: abs(value - number) <= Decimal(share) * value)
            for share in ("0.01", "0.02", "0.05", "0.1")
        ],
        "cut off": [
            all_by(rule=lambda value, number, step: int(float(value) / float(step)) == number / step),
            *(
                all_by(
                    rule=lambda value, number, step: int(float(value) * int(1 / step)) == number / step, convert=convert
                )
                for convert in converts
            ),
            all_by(rule=lambda value, number, step: value // step == number // step),
        ],
        "zero lost": [
            all_by(rule=lambda value, number, _, least=least: abs(value - number) <= _last_place(number, least) / 2)
            for least in (0, 1)
        ],
        "missing no": [swapped[0]],
        "unit no": swapped[1:],
    }
    return (said, source), right, mistakes


def _statement(rng, source, unsaid):
    """Rightly rounded, cut off, a figure beside it, too exact, in another unit, not in the source; none near a tie."""
    while True:
        what, decimals = rng.choice(list(source)), rng.randint(0, 2)
        value, its = source[what]
        unit = rng.choice([u for u in UNITS if UNITS[u][0] == UNITS[its][0]])
        exact, step = _in_unit(value, its, unit), Decimal(1).scaleb(-decimals)
        number = exact.quantize(step, ROUND_HALF_UP)
        kind = rng.choice(["right", "right", "cut", "beside", "exact", "slip", "unit", "missing"])
        if kind == "cut":
            number = exact.quantize(step, ROUND_DOWN)
        elif kind == "beside":
            number += rng.choice([-1, 1, 2]) * step
        elif kind == "exact" and decimals:
            number, step = Decimal(f"{number}0"), step / 10
        elif kind == "slip":
            number, step = Decimal(str(value)), Decimal("0.01")
        if 3 * step <= number < 10**6 and abs(abs(exact - number) / step - Decimal("0.5")) > Decimal("0.02"):
            break
    if kind == "unit":
        unit = rng.choice([u for u in UNITS if UNITS[u][0] != UNITS[its][0]])
    return [unsaid if kind == "missing" else what, str(number), unit]


def _in_unit(value, its, unit):
    return Decimal(str(value)) * UNITS[its][1] / UNITS[unit][1]


def _last_place(number, least):
    """The value of its last decimal that is not 0, of the first decimal if least is 1 and there is none."""
    return Decimal(1).scaleb(min(number.normalize().as_tuple().exponent, -least))


def _verdict(one, source, rule=lambda value, number, step: abs(value - number) <= step / 2, convert=_in_unit):
    what, text, unit = one
    if what not in source:
        return "missing"
    value, its = source[what]
    if UNITS[unit][0] != UNITS[its][0]:
        return "unit"
    number = Decimal(text)
    return "yes" if rule(convert(value, its, unit), number, Decimal(1).scaleb(number.as_tuple().exponent)) else "no"


# ---- 5. inventions -------------------------------------------------------------------------------------------------


# relation: {language: answers}; in the course's data an answer may belong to several facts
ANSWERS = {
    "capital": {"zh": ["巴黎", "罗马", "开罗"], "en": ["Paris", "Rome", "New Delhi"]},
    "colour": {"zh": ["红色", "绿色", "白色"], "en": ["red", "green", "white"]},
    "food": {"zh": ["竹子", "鱼", "草"], "en": ["bamboo", "fish", "grass"]},
}


@question("limits.q5", answer="invented", kind="function")
def q5(invented, rng):
    def has_form(answer, _):
        return type(answer) is dict and set(answer) == {"zh", "en"} and all(_is_list(x, 2) for x in answer.values())

    _check(invented, [_exam_of_inventions(rng, number) for number in range(24)], has_form, "invented form", "q5")


def _exam_of_inventions(rng, number):
    """Answers of all kinds; `known` has two of the three answers of each language and relation, one of them twice."""
    known, answers = [], []
    for relation, both in ANSWERS.items():
        for lang, proper in both.items():
            one, other = rng.sample(proper, 2)
            known += [{"lang": lang, "relation": relation, "answer": answer} for answer in (one, other, other)]
    rng.shuffle(known)
    stated = {f["answer"] for f in known}
    for _ in range(rng.randint(4, 9)):
        fact = rng.choice(known)
        kind = rng.choice(["right", "like", "like", "relation", "language", "unknown", "odd"])
        others = {
            "right": [fact["answer"]],
            "like": [f["answer"] for f in known if _place(f) == _place(fact) and f["answer"] != fact["answer"]],
            "relation": [f["answer"] for f in known if f["lang"] == fact["lang"] and f["relation"] != fact["relation"]],
            "language": [f["answer"] for f in known if f["lang"] != fact["lang"] and f["relation"] == fact["relation"]],
            "unknown": [a for a in ANSWERS[fact["relation"]][fact["lang"]] if a not in stated],
            "odd": ["", "的", "it is"],
        }
        said = rng.choice(others[kind])
        if said and _place(fact) == ("zh", "colour") and rng.random() < 0.5:
            said += "的"
        answers.append({"lang": fact["lang"], "relation": fact["relation"], "said": said, "truth": fact["answer"]})
    if number % 8 == 1:  # nothing is in the other language
        answers = [a for a in answers if a["lang"] == answers[0]["lang"]]
        known = [f for f in known if f["lang"] == answers[0]["lang"]]
    if number % 3 == 2:
        spaced, more = " ".join(answers[-1]["said"]), answers[-1]["truth"] + ", or so"
        answers += [{**answers[-1], "said": said} for said in (spaced, more)]
    if number % 3 == 0:
        answers.append(dict(answers[-1]))

    def found(right=_same, same=_same, place=_place, turned=False, once=False):
        result = {}
        for lang in ("zh", "en"):
            wrong = [a for a in answers if a["lang"] == lang and not right(a["said"], a["truth"])]
            if once:
                wrong = list({(a["said"], a["relation"]): a for a in wrong}.values())
            like = [any(same(a["said"], f["answer"]) and place(a) == place(f) for f in known) for a in wrong]
            result[lang] = [len(wrong), like.count(not turned)]
        return result

    truth, one = found(), found(right=lambda *_: False)
    both = [sum(column) for column in zip(*truth.values(), strict=True)]
    mistakes = {
        "right counted": [one],
        "to the letter": [found(same=str.__eq__)],
        "own colour": [found(right=str.__eq__), found(right=str.__eq__, same=str.__eq__)],
        "any relation": [found(place=lambda x: x["lang"])],
        "any language": [found(place=lambda x: x["relation"])],
        "implausible": [found(turned=True)],
        "swapped": [{lang: x[::-1] for lang, x in truth.items()}],
        "together": [{lang: both for lang in truth}],
        "different": [found(once=True)],
        "shares": [{lang: [n, k / n if n else 0] for lang, (n, k) in truth.items()}],
    }
    return (answers, known), truth, mistakes


def _place(row):
    return row["lang"], row["relation"]


def _same(said, answer):
    return re.sub(" |的$", "", said) == answer.replace(" ", "")
