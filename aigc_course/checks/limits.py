"""Checks of the lab `limits`. Oracles: fractions, whole numbers, the roots of Wilson's equation, decimals, the model.

What is drawn keeps so far from ties that no order of computing decides: a right answer passes with each seed.
"""

import math
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache

from aigc_course.checks import close, diagnose, expect, question
from aigc_course.i18n import t

NEVER = 1.1  # the threshold above every confidence
CLASSES = ("never", "seldom", "often")
UNITS = {
    "B": ("data", 1), "KB": ("data", 10**3), "MB": ("data", 10**6), "GB": ("data", 10**9),
    "s": ("time", 1), "min": ("time", 60), "h": ("time", 3600),
    "%": ("share", 1), "points": ("difference", 1),
}  # fmt: skip

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
# fmt: off
HINTS = {
    "reliability form": ("要返回 [表, ECE]，表的每一行是 [几个, 平均把握, 正确率]。",
        "Return [table, ECE]; each row of the table is [how many, mean confidence, accuracy]."),
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
    "classes": ("分类的边界不对：0 次；1 到 9 次；10 次以上（含 10 次）。",
        "The classes are not right: 0 times; 1 to 9 times; 10 times and more."),
    "verify form": ("每句话一个判词：'yes'、'no'、'unit' 或 'missing'。",
        "One verdict for each statement: 'yes', 'no', 'unit' or 'missing'."),
    "q4": ("不对。看第一句：把原文的数换成话里的单位，再看话里写到第几位。",
        "Not right. Take the first statement: turn the source's figure into its unit; how many decimals has it?"),
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
    "invented form": ("invented 的键是 zh 和 en，值是 [错了几个, 其中像样的几个]。",
        "invented has the keys zh and en; the values are [how many wrong, how many of those plausible]."),
    "q5": ("不对。先数错的；再看其中几个，是同一种语言、同一类里另一个事实的答案。",
        "Not right. Count the wrong ones, then those that answer another fact of the same language and relation."),
    "right counted": ("对的也数进去了：只数错的。", "Right answers are counted too: only the wrong ones are wanted."),
    "to the letter": ("像样的少数了几个：中文的颜色后面可以有“的”，用 limits.is_right 比。",
        "Some plausible ones are missed: Chinese may add a particle to a colour. Compare by limits.is_right."),
    "shares": ("要的是个数，不是份额。", "Counts are wanted, not shares."),
}
# fmt: on


def _check(function, cases, has_form, form, otherwise, tolerance=1e-6):
    """Each answer has the form that is asked for, and is right; has_form(answer, *arguments)."""
    answers = function.each([(given, {}) for given, _, _ in cases])
    for (given, _, _), answer in zip(cases, answers, strict=True):
        if not has_form(answer, *given):
            function(*given)  # the notebook shows the last call
            expect(False, t(*HINTS[form]))
    diagnose(function, cases, HINTS, otherwise, tolerance)


def _is_list(answer, length):
    return type(answer) is list and len(answer) == length


# ---- 1. a reliability table ----------------------------------------------------------------------------------------


@question("limits.q1", answer="reliability", kind="function")
def q1(reliability, rng):
    def has_form(answer, *_):
        return _is_list(answer, 2) and type(answer[0]) is list and all(_is_list(row, 3) for row in answer[0])

    _check(reliability, [_exam(rng, number) for number in range(20)], has_form, "reliability form", "q1")


def _exam(rng, number):
    """Confidences in 128ths: with 4 or 8 bins one lies on an edge, with 5 or 10 bins none does but 0 and 1."""
    bins = (4, 5, 8, 10)[number % 4]
    places = [rng.choice([*range(64), *range(65, 129)]) for _ in range(rng.randint(3, 7))]
    if number % 2 == 0:
        places[0] = rng.choice([32, 64, 96])
    if number % 5 == 0:
        places[1] = 0
    sure = [Fraction(place, 128) for place in places]
    right = [rng.random() < 0.3 + 0.4 * float(x) for x in sure]

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
    mistakes = {
        "edges": [answer(table(lambda x: min(bins, math.floor(x * bins) + 1)))],
        "zero": [answer(without), answer(without, answer(without)[1] * sum(row[0] for row in without) / count)],
        "empty": [answer(table(lambda x: max(1, math.ceil(x * bins)), empty=True))],
        "equal bins": [answer(rows, sum(abs(hits - mean) for _, mean, hits in rows) / len(rows))],
        "signed": [answer(rows, value) for value in (signed, -signed, abs(signed))],
        "not divided": [answer(rows, right_answer[1] * count)],
    }
    return ([float(x) for x in sure], right, bins), right_answer, mistakes


# ---- 2. a threshold, chosen on one half ----------------------------------------------------------------------------


@question("limits.q2", answer="choose", kind="function")
def q2(choose, rng):
    cases = [_halves(rng, number) for number in range(24)]
    _check(choose, cases, lambda answer, *_: _is_list(answer, 4), "choose form", "q2")


def _halves(rng, number):
    """Two halves. On the first one set of answers is cheaper than any other, so that rounding cannot decide."""
    wrong = rng.choice([4, 10, 12])
    silent = wrong if number % 4 == 0 else rng.randint(1, wrong - 1)

    def total(half, threshold, above=False, silent=silent):
        kept = [right for sure, right in half if (sure > threshold if above else sure >= threshold)]
        return wrong * kept.count(False) + silent * (len(half) - len(kept))

    def cheapest(half, never=True, **rules):
        candidates = sorted({0.0, *(sure for sure, _ in half), *([NEVER] if never else [])})
        least = min(total(half, x, **rules) for x in candidates)
        return [x for x in candidates if total(half, x, **rules) == least]

    size = rng.choice([4, 8, 15])
    while True:
        sure = [[rng.choice(range(1, 32, 3)) / 32 for _ in range(size)] for _ in range(2)]
        skill = (lambda x: 0.7) if silent == wrong else (lambda x: x * (number % 3 + 1) / 3)
        first, second = ([[x, rng.random() < skill(x)] for x in half] for half in sure)
        best = cheapest(first)
        if len({sum(x >= threshold for x in sure[0]) for threshold in best}) == 1:
            break

    def answer(threshold, above=False, accounts=second):
        covered = sum((sure > threshold if above else sure >= threshold) for sure, _ in second) / size
        return [threshold, total(first, threshold, above) / size, total(accounts, threshold, above) / size, covered]

    right = answer(best[0])
    mistakes = {
        "second chooses": [answer(cheapest(second)[0])],
        "accounts on first": [answer(best[0], accounts=first)],
        "highest": [answer(best[-1])],
        "above": [answer(cheapest(first, above=True)[0], above=True)],
        "no never": [answer(cheapest(first, never=False)[0])],
        "formula": [answer(max(0.0, 1 - silent / wrong))],
        "errors only": [answer(cheapest(first, silent=0)[0])],
        "totals": [[right[0], right[1] * size, right[2] * size, right[3]]],
        "silent share": [[*right[:3], 1 - right[3]]],
    }
    return (first, second, wrong, silent), right, mistakes


# ---- 3. rates of hallucination with intervals ----------------------------------------------------------------------


@question("limits.q3", answer="rates", kind="function")
def q3(rates, rng):
    def has_form(answer, *_):
        keys = type(answer) is dict and set(answer) == set(CLASSES)
        return keys and all(x is None or _is_list(x, 3) for x in answer.values())

    _check(rates, [_asked(rng, number) for number in range(20)], has_form, "rates form", "q3", 2e-4)


def _asked(rng, number):
    """Answers of all three classes; in some cases a class has none, or only silence, or is all wrong or all right."""
    answers = []
    for kind, times in zip(CLASSES, ([0], [1, 2, 9], [10, 11, 80]), strict=True):
        wrong = rng.choice([0.0, 0.4, 0.6, 1.0])
        for _ in range(rng.choice([0, 3, 5, 9])):
            truth = rng.choice(["Paris", "Lima", "Oslo"])
            said = truth if rng.random() >= wrong else rng.choice(["Rome", "Cairo"])
            if (number % 6 == 5 and kind == "seldom") or rng.random() < 0.25:
                said = ""
            answers.append({"times": rng.choice(times), "said": said, "truth": truth})
    rng.shuffle(answers)

    def found(kind=_kind, silent=False, interval=_wilson, turned=False):
        result = {}
        for name in CLASSES:
            asked = [a for a in answers if kind(a["times"]) == name]
            given = asked if silent else [a for a in asked if a["said"]]
            wrong = sum((a["said"] == a["truth"]) is turned for a in given)
            result[name] = [wrong / len(given), *interval(wrong, len(given))] if given else None
        return result

    mistakes = {
        "silent wrong": [found(silent=True)],
        "accuracy": [found(turned=True)],
        "wald": [found(interval=_wald), found(interval=lambda k, n: [min(1, max(0, x)) for x in _wald(k, n)])],
        "classes": [
            found(kind=lambda n: "never" if n == 0 else "often" if n > 10 else "seldom"),
            found(kind=lambda n: "never" if n <= 1 else "often" if n >= 10 else "seldom"),
        ],
    }
    return (answers,), found(), mistakes


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
    def has_form(answer, said, _):
        return _is_list(answer, len(said)) and all(x in ("yes", "no", "unit", "missing") for x in answer)

    _check(verify, [_report(rng, number) for number in range(30)], has_form, "verify form", "q4")


def _report(rng, number):
    """Statements about a source of three figures, each far from the edge of what may be rounded to it."""
    source, said = {}, []
    for what, units in zip(("memory", "time", "rate"), (("MB", "GB"), ("s", "min", "h"), ("%",)), strict=True):
        source[what] = [round(rng.randint(2, 99) + rng.choice([0.13, 0.37, 0.64, 0.86]), 2), rng.choice(units)]
    for _ in range(rng.randint(1, 4)):
        said.append(_statement(rng, source))
    right = [_verdict(one, source) for one in said]

    def all_by(**rules):
        return [_verdict(one, source, **rules) for one in said]

    swapped = [{"missing": "no"}, {"unit": "no"}, {"unit": "missing"}, {"unit": "no", "missing": "no"}]
    swapped = [[words.get(x, x) for x in right] for words in swapped]
    mistakes = {
        "exact": [all_by(rule=lambda value, number, _: value == number)],
        "units ignored": [all_by(convert=lambda value, *_: Decimal(str(value)))],
        "about": [
            all_by(rule=lambda value, number, _, share=share: abs(value - number) <= Decimal(share) * value)
            for share in ("0.01", "0.02", "0.05", "0.1")
        ],
        "cut off": [all_by(rule=lambda value, number, step: value // step == number // step)],
        "missing no": [swapped[0]],
        "unit no": swapped[1:],
    }
    return (said, source), right, mistakes


def _statement(rng, source):
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
    return ["price" if kind == "missing" else what, str(number), unit]


def _in_unit(value, its, unit):
    return Decimal(str(value)) * UNITS[its][1] / UNITS[unit][1]


def _verdict(one, source, rule=lambda value, number, step: abs(value - number) <= step / 2, convert=_in_unit):
    what, text, unit = one
    if what not in source:
        return "missing"
    value, its = source[what]
    if UNITS[unit][0] != UNITS[its][0]:
        return "unit"
    number = Decimal(text)
    return "yes" if rule(convert(value, its, unit), number, Decimal(1).scaleb(number.as_tuple().exponent)) else "no"


# ---- 5. what lm invents --------------------------------------------------------------------------------------------


@cache
def _invented():
    """{mistake: what it gives}, the truth under ""."""
    from aigc_course import grammar, hub, limits

    model, tokenizer = hub.load_lm("lm", tier="cpu")
    facts = {lang: grammar.facts(lang) for lang in ("zh", "en")}
    answers = {lang: limits.ask(model, tokenizer, facts[lang]) for lang in facts}

    def counted(keep, same):
        found = {}
        for lang, asked in answers.items():
            kept = [a for a in asked if keep(a)]
            pools = [[f for f in facts[lang] if f.relation == a.fact.relation] for a in kept]
            found[lang] = [
                len(kept),
                sum(any(same(a.said, f) for f in pool) for a, pool in zip(kept, pools, strict=True)),
            ]
        return found

    def wrong(a):
        return not a.right

    truth = counted(wrong, limits.is_right)
    return {
        "": truth,
        "right counted": counted(lambda a: True, limits.is_right),
        "to the letter": counted(wrong, lambda said, f: said == f.answer),
        "shares": {lang: [n, m / n] for lang, (n, m) in truth.items()},
    }


@question("limits.q5", answer="invented", kind="value")
def q5(invented, rng):
    form = type(invented) is dict and set(invented) == {"zh", "en"}
    expect(form and all(_is_list(x, 2) for x in invented.values()), t(*HINTS["invented form"]))
    found = dict(_invented())
    truth = found.pop("")
    for mistake, value in found.items():
        expect(close(invented, truth) or not close(invented, value), t(*HINTS[mistake]))
    expect(close(invented, truth), t(*HINTS["q5"]))
