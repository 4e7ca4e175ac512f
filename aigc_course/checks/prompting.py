"""Checks of the lab `prompting`. Oracles: exact fractions, and answers whose faults were put in by the check itself."""

import json
import math
import re
from collections.abc import Callable
from fractions import Fraction

from aigc_course.checks import diagnose, in_form, question
from aigc_course.i18n import t

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
# fmt: off
HINTS = {
    "percent": ("正确率要在 0 到 1 之间，不是百分数。", "Accuracies go from 0 to 1: no percentages."),
    "rounded": ("不要四舍五入。", "Do not round."),
    "score form": ("要返回三样东西的列表：[平均正确率, 最差的说法, 最高和最低之差]；最差的说法是字典里的键。",
        "Return a list of three: [mean accuracy, worst wording, highest less lowest]; the wording is a key."),
    "q1": ("不对。拿显示的例子在纸上算：每种说法的正确率各是多少？",
        "Not right. Take the example shown and a sheet of paper: what is the accuracy of each wording?"),
    "pooled": ("这样算，题多的说法占的分量大。先算每种说法的正确率，再平均。",
        "That way a wording with many questions counts more. First the accuracy of each wording, then their mean."),
    "none skipped": ("没有回答（None）也算没有答对，要算在题数里。",
        "No answer (None) is not right, and it counts as a question."),
    "none right": ("None 不是答对：不等于 False 的不都是对的。",
        "None is not right: what is not False need not be True."),
    "counts": ("这是答对的题数，要除以题数。", "That is how many are right: divide by the number of questions."),
    "best": ("要的是正确率最低的说法，不是最高的。",
        "It is the wording with the lowest accuracy that is wanted, not the highest."),
    "fewest": ("看的是正确率，不是答对了几道：题少的说法不一定差。",
        "The accuracy counts, not how many are right: a wording with few questions need not be bad."),
    "last": ("有并列最低的，要取字典里靠前的。",
        "If several are equally low, take the one that comes first in the dict."),
    "interval form": ("要返回三个数的列表：[差, 下端, 上端]。",
        "Return a list of three numbers: [difference, low, high]."),
    "q2": ("不对。拿显示的例子在纸上算：每一行的差，每一支签的平均，排好，两头各去掉几个？",
        "Not right. Take the example on paper: each row's difference, each draw's mean, sorted; how many are dropped?"),
    "sign": ("方向反了：是 after 减 before。", "The wrong way round: after less before."),
    "once": ("一支签里，抽到两次的行要算两次，不是一次。", "A row that is drawn twice counts twice, not once."),
    "unpaired": ("没有配对：每一支签，before 和 after 要用同样的行。",
        "Not paired: for each draw, before and after take the same rows."),
    "not trimmed": ("两头各要去掉 len(draws) // 40 个，这里一个也没有去掉。",
        "At either end len(draws) // 40 are dropped; here none are."),
    "trim": ("两头去掉的个数不对：各去掉 len(draws) // 40 个，剩下的最小和最大就是两端。",
        "The wrong number is dropped: it is len(draws) // 40 at either end; the outermost of the rest are wanted."),
    "unsorted": ("先把各支签的平均从小到大排好，再去掉两头的。",
        "Sort the means of the draws before you drop the ends."),
    "mean of draws": ("差是原来的表算出来的，不是各支签的平均。",
        "The difference comes from the tables themselves, not from the draws."),
    "faults form": ("要返回一个字典：名字 → 毛病；没有毛病就是 {}。",
        "Return a dict: name → what is wrong; {} where nothing is."),
    "q3": ("不对。拿显示的回答，对照题目的表，一个名字一个名字地查。",
        "Not right. Take the answer shown and go through the table of the question, name by name."),
    "lenient": ("回答里除了 JSON 还有别的字，就不是 JSON：不要把里面的 JSON 挑出来。",
        "With other words around it an answer is no JSON: do not pick the JSON out of it."),
    "spaces": ("前后的空格和换行不算毛病，json.loads 读得懂。",
        "Spaces and line breaks around it do not matter: json.loads reads them."),
    "object": ('[…]、数、字符串也是 JSON，但不是对象：要返回 {"": "object"}。',
        '[…], numbers and strings are JSON too, but no objects: that is {"": "object"}.'),
    "bool": ("true 不是整数：isinstance(True, int) 是 True，要另外排除。",
        "true is no integer: isinstance(True, int) is True, so rule it out."),
    "all required": ("不在 required 里的名字，可以没有。", "Names that are not in `required` may be missing."),
    "unknown passes": ('没有列出的名字不许有："unknown"。', 'Names that are not listed are forbidden: "unknown".'),
    "missing passes": ('required 里的名字没有，是 "missing"。',
        'If a name of `required` is not there, that is "missing".'),
    "no enum": ('有 "enum" 的，值还要在里面。', 'Where there is an "enum", the value has to be in it.'),
    "enum first": ('类型不对的，写 "type"，不写 "enum"。', 'Where the type is wrong it is "type", not "enum".'),
    "first only": ("只返回了一个毛病：每个有毛病的名字都要有一项。",
        "Only one fault is returned: each name at fault has its entry."),
    "numbers form": ("要返回一个列表，里面是字符串：没有出处的数，照回答里的写法。",
        "Return a list of strings: the numbers without a source, as the answer writes them."),
    "q4": ("不对。拿显示的例子：回答里有哪几个数，材料里有哪几个数？",
        "Not right. Take the example shown: which numbers are in the answer, and which in the source?"),
    "inverted": ("反了：要的是没有出处的数。", "Inverted: the numbers without a source are wanted."),
    "substring": ("材料里有 185 不等于有 85：要把整个数取出来再比。",
        "185 in the source does not mean 85: take whole numbers out and compare those."),
    "spelling": ("比的是数值：1,200、1200 和 1200.00 是同一个数。",
        "The value counts: 1,200, 1200 and 1200.00 are the same number."),
    "commas": ("1,200 是一个数，不是 1 和 200。", "1,200 is one number, not 1 and 200."),
    "decimals": ("3.50 是一个数，不是 3 和 50，也不是 3。", "3.50 is one number, neither 3 and 50 nor 3."),
    "full stop": ("句末的句号和逗号不是数的一部分。",
        "The full stop or comma of the sentence is no part of the number."),
    "dedupe": ("同一个没有出处的数出现两次，就写两次。", "A number without a source that comes twice is listed twice."),
    "sorted": ("要按出现的次序，不要排序。", "Keep the order in which they come: do not sort."),
    "rewritten": ("要照回答里的写法，逗号和小数都留着。", "As the answer writes them: with their commas and decimals."),
    "gate form": ("要返回三个数的列表：[交出的份额, 其中好的份额, 平均几份]。",
        "Return a list of three numbers: [share handed out, share of it good, drafts on average]."),
    "q5": ("不对。拿显示的例子，一道题一道题地过：看了几份，交了哪一份？",
        "Not right. Take the example shown, question by question: how many are looked at, and which is handed out?"),
    "no limit": ("最多看 most 份。", "Look at `most` drafts at the most."),
    "one more": ("看的份数差了一份：most 是 2，就看前 2 份。", "Off by one: with `most` 2 the first 2 are looked at."),
    "of all": ("第二个数是**交出来的**里面好的占多少，不是所有题里。",
        "The second number is the share of what is **handed out**, not of all questions."),
    "all drafts": ("过了一份，后面的就不写了，不算在份数里。",
        "Once one passes, later ones are never written: they do not count."),
    "handed drafts": ("没有交出的题，看过的几份也要算。", "Drafts of questions without an answer count, too."),
    "cheats": ("检查看不见好不好：交出的是第一份**过了**的，哪怕它是坏的。",
        "The check cannot see what is good: the first that **passes** is handed out, though it may be bad."),
    "gives anyway": ("都不过就不交，不要交最后一份或第一份。",
        "If none passes nothing is handed out, neither the last nor the first."),
    "last passing": ("交出的是**第一份**过了的。", "It is the **first** that passes which is handed out."),
    "percentile": (
        "不要插值（np.percentile 会插值）：两头各去掉 len(draws) // 40 个，取剩下的最小和最大。",
        "No interpolation (np.percentile does that): drop len(draws) // 40 at either end, and take the smallest and "
        "the largest of the rest.",
    ),
    "null": (
        "null 也是一个值：名字在，所以不是 missing；它的类型不对。",
        "null is a value: the name is there, so it is not missing; its type is wrong.",
    ),
    "enum alike": (
        "要和 enum 里的值一模一样：大小写、多一个空格、只有一部分，都不算。",
        "A value has to be exactly one of `enum`: other capitals, a space more, or a part of it will not do.",
    ),
    "rounded value": (
        "比的是整个数值：小数也算，差一点也是差。",
        "It is the whole value that is compared: decimals count, and near is not equal.",
    ),
    "groups only": (
        "没有逗号的数，也可以不止三位：`34000`。",
        "A number without commas may have more than three digits: `34000`.",
    ),
    "border": (
        "数的前后可以紧挨着别的字：`85元`、`x85`。（正则表达式里的 \\b 在这里不管用。）",
        "Other letters may stand right beside a number: `85kg`, `x85`. (The \\b of regular expressions fails here.)",
    ),
}
# fmt: on


def _asked(function, cases: list[tuple], fits: Callable, form: str, otherwise: str) -> None:
    """Nothing if right on all cases; the hint `form` for the first answer that does not fit, else diagnose()."""
    in_form(function, cases, lambda answer, _: fits(answer), HINTS[form])
    diagnose(function, cases, HINTS, otherwise, tolerance=1e-6)  # torch's numbers have seven digits


def _numbers(*kinds) -> Callable:
    """Whether an answer is a list of so many values of these types; int stands for every number."""

    def fits(answer) -> bool:
        some = type(answer) is list and len(answer) == len(kinds)
        return some and all(
            type(x) is kind or (kind, type(x)) == (int, float) for x, kind in zip(answer, kinds, strict=True)
        )

    return fits


def _mean(values) -> Fraction:
    values = list(values)
    return sum(values, Fraction(0)) / len(values)


# ---- 1. several wordings, one score --------------------------------------------------------------------------------


@question("prompting.q1", answer="score", kind="function")
def q1(score, rng):
    _asked(score, [_score_case(rng, number) for number in range(40)], _numbers(int, str, int), "score form", "q1")


def _score_case(rng, number):
    """Wordings, of which, every third time, three are equally low."""
    words = t(
        ["写价格。", "多少钱？", "价格？", "要价格。", "请写出价格。", "它卖多少？"],
        ["Write the price.", "How much?", "Price?", "What price?", "Please write the price.", "What does it cost?"],
    )
    marks = {}
    for wording in rng.sample(words, rng.randint(1, 4)):
        marks[wording] = rng.choices([True, False, None], [5, 3, 2], k=rng.randint(1, 8))
    if number % 3 == 0:
        low = rng.choice([[False, None], [True, False, None]])
        marks |= {wording: low * rng.randint(1, 3) for wording in rng.sample(words, 3)}
        marks = {wording: marks[wording] for wording in rng.sample([*marks], len(marks))}

    if number % 8 == 1:
        marks = {wording: [True] * len(row) for wording, row in marks.items()}
    elif number % 8 == 5:  # close together, the lower one last
        marks = dict(zip(words[:2], ([True] * 3 + [False] * 4, [True] * 2 + [None] * 3), strict=True))

    def score(share=lambda row: Fraction(sum(mark is True for mark in row), len(row)), pick=min):
        shares = {wording: share(row) for wording, row in marks.items()}
        low, high = min(shares.values()), max(shares.values())
        return [float(_mean(shares.values())), pick(shares, key=shares.get), float(high - low)]

    right, every = score(), [mark for row in marks.values() for mark in row]
    pooled = sum(mark is True for mark in every) / len(every)
    heard = [mark for row in marks.values() for mark in row if mark is not None]

    def skipping(row):
        heard = [mark for mark in row if mark is not None]
        return Fraction(sum(heard), len(heard)) if heard else Fraction(0)

    by_count = {wording: sum(mark is True for mark in row) for wording, row in marks.items()}
    shares = {wording: Fraction(by_count[wording], len(row)) for wording, row in marks.items()}
    mistakes = {
        "percent": [[100 * right[0], right[1], 100 * right[2]]],
        "rounded": [[round(right[0], a), right[1], round(right[2], a)] for a in range(1, 5)],
        "pooled": [[pooled, *right[1:]], [sum(heard) / max(1, len(heard)), *right[1:]]],
        "none skipped": [score(skipping)],
        "none right": [score(lambda row: Fraction(sum(mark is not False for mark in row), len(row)))],
        "counts": [score(lambda row: Fraction(sum(mark is True for mark in row)))],
        "best": [score(pick=max)],
        "fewest": [[right[0], min(by_count, key=by_count.get), right[2]]],
        "last": [[right[0], wording, right[2]] for wording in shares if shares[wording] == min(shares.values())],
    }
    return (marks,), right, mistakes


# ---- 2. an interval ------------------------------------------------------------------------------------------------


@question("prompting.q2", answer="paired_interval", kind="function")
def q2(paired_interval, rng):
    cases = [_interval_case(rng, n) for n in 3 * (20, 39, 40, 60, 80, 120)]
    _asked(paired_interval, cases, _numbers(int, int, int), "interval form", "q2")


def _interval_case(rng, n):
    """Tables in which wordings differ, and n draws."""
    rows, columns = rng.randint(4, 7), rng.randint(4, 7)
    ease = [rng.uniform(0.1, 0.9) for _ in range(rows)]
    before, after = ([[int(rng.random() < p) for _ in range(columns)] for p in ease] for _ in range(2))
    draws = [[rng.randrange(rows) for _ in range(rows)] for _ in range(n)]
    old, new = ([Fraction(sum(row), columns) for row in table] for table in (before, after))
    changes = [b - a for a, b in zip(old, new, strict=True)]

    def ends(means, cut=n // 40, other=None):
        return [float(means[cut]), float(means[-1 - (cut if other is None else other)])]

    means = [_mean(changes[i] for i in draw) for draw in draws]
    middle, cut = float(_mean(changes)), n // 40

    def at(share):
        """Between the two means that lie there, as np.percentile has it."""
        place = share * (n - 1)
        low, high = (float(sorted(means)[i]) for i in (math.floor(place), min(math.floor(place) + 1, n - 1)))
        return low + (high - low) * float(place - math.floor(place))

    near = sorted({max(0, cut - 1), cut, cut + 1, n // 20, round(n / 40), (n - 1) // 40})
    right = [middle, *ends(sorted(means))]
    return (before, after, draws), right, {
        "percent": [[100 * x for x in right]],
        "rounded": [[round(x, digits) for x in right] for digits in range(1, 5)],
        "sign": [[-right[0], -right[2], -right[1]], [-x for x in right]],
        "once": [[middle, *ends(sorted(_mean(changes[i] for i in set(draw)) for draw in draws))]],
        "unpaired": [[middle, *ends(sorted(_mean(new[i] for i in draw) - _mean(old) for draw in draws))]],
        "not trimmed": [[middle, *ends(sorted(means), 0)]],
        "trim": [[middle, *ends(sorted(means), a, b)] for a in near for b in near],
        "percentile": [[middle, at(Fraction(1, 40)), at(Fraction(39, 40))]],
        "unsorted": [[middle, *ends(means)]],
        "mean of draws": [[float(_mean(means)), *right[1:]]],
    }  # fmt: skip


# ---- 3. a schema check ---------------------------------------------------------------------------------------------

GOOD = {"string": ("x", "Sunday", ""), "integer": (0, 7, 85), "boolean": (True, False)}
BAD = {
    "string": (7, True, None, ["x"]),
    "integer": ("85", 85.5, True, False, None),
    "boolean": (1, "true", None, 0, "True"),
}
NEAR = {
    "string": ("no", "sunday", "Sun", "Sunday "),
    "integer": (3, 8, 5, -7),
    "boolean": (False,),
}  # nearly one of the "enum"


@question("prompting.q3", answer="faults", kind="function")
def q3(faults, rng):
    cases = [_fault_case(rng, number) for number in range(80)]
    _asked(faults, cases, lambda answer: type(answer) is dict, "faults form", "q3")


def _fault_case(rng, number):
    """An answer into which faults are put, one after the other, so that they are known."""
    names = rng.sample(["price", "day", "open", "seller", "pieces"], rng.randint(2, 4))
    rules, right, answer = {}, {}, {}
    required = rng.sample(names, rng.randint(1, len(names)))
    for name in names:
        kind = rng.choice(list(GOOD))
        rules[name] = {"type": kind}
        if kind != "boolean" and rng.random() < 0.5:
            rules[name]["enum"] = list(GOOD[kind][1:])
        fate = rng.choice(["good", "good", "type", "enum", "missing"])
        if fate == "enum" and "enum" in rules[name]:
            answer[name], right[name] = rng.choice(NEAR[kind]), "enum"
        elif fate == "type":
            answer[name], right[name] = rng.choice(BAD[kind]), "type"
        elif fate == "missing":
            if name in required:
                right[name] = "missing"
        else:
            answer[name] = rng.choice(rules[name].get("enum", GOOD[kind]))
    if number % 8 == 0:
        rules["when"] = {"type": "string", "enum": list(GOOD["string"][1:])}
        answer["when"], right["when"] = NEAR["string"][number // 8 % len(NEAR["string"])], "enum"
    if number % 8 == 3:
        rules["stalls"], answer["stalls"], right["stalls"] = {"type": "integer"}, number % 16 == 3, "type"
        rules["fair"], answer["fair"], right["fair"] = {"type": "boolean", "enum": [True]}, False, "enum"
        rules["tables"], answer["tables"] = {"type": "integer"}, 1
        rules["shut"], answer["shut"], right["shut"] = {"type": "boolean"}, "True", "type"
    if number % 8 in (4, 7):  # null where a name must be there, and where it need not
        rules["gate"], answer["gate"], right["gate"] = {"type": "string"}, None, "type"
        required += ["gate"] * (number % 8 == 4)
    if rng.random() < 0.4:
        answer["colour"], right["colour"] = rng.choice(["red", None, 3]), "unknown"
    if number % 8 == 4:
        answer |= {"colour": "red", "Price": 85}
        right |= {"colour": "unknown", "Price": "unknown"}
    if number == 39:
        answer, right = {}, dict.fromkeys(required, "missing")
    schema = {"type": "object", "properties": rules, "required": required, "additionalProperties": False}
    text = json.dumps(answer, ensure_ascii=False, indent=rng.choice([None, 1]))
    whole = None
    if number % 4 == 1:
        text = rng.choice([f"OK: {text}", f"```json\n{text}\n```", f"{text} .", text[:-1], "", "price: 85"])
        text = f"{json.dumps(answer)[:-1]},}}" if number % 16 == 1 else text
        whole = {"": "json"}
    if number % 4 == 2:
        text = json.dumps(rng.choice([[answer], 85, "price", None, True, []]))
        whole = {"": "object"}
    spaced = number % 8 == 0
    if spaced:
        text = f"  {text}\n"
    mistakes = _wrong_faults(schema, answer, right, text, whole)
    alike = {name for name, kind in right.items() if kind == "enum" and answer[name] in NEAR[rules[name]["type"]][1:]}
    nulls = [name for name in rules if name in answer and answer[name] is None]
    return (text, schema), whole or right, mistakes | {
        "spaces": [{"": "json"} if spaced else whole or right],
        "null": [
            whole or {**right, **{name: "missing" for name in nulls if name in required}},
            whole or {name: kind for name, kind in right.items() if name not in nulls or name in required},
            whole or {name: kind for name, kind in right.items() if name not in nulls},
            whole or {name: kind for name, kind in right.items() if name not in nulls}
            | {name: "missing" for name in nulls if name in required},
        ],
        "enum alike": [
            whole or {name: kind for name, kind in right.items() if name not in some}
            for some in (
                alike,
                {name for name in alike if str(answer[name]).strip().lower() == "sunday"},
                {name for name in alike if str(answer[name]).strip() == "Sunday"},
                {name for name in alike if str(answer[name]).lower() == "sunday"},
                {name for name in alike if str(answer[name]) in str(rules[name]["enum"])},
            )
        ],
    }  # fmt: skip


def _wrong_faults(schema, answer, inside, text, whole=None):
    """What mistakes give. inside: the faults of the object that was written; whole: that of the text, if any."""
    rules = schema["properties"]

    def by(needed=schema["required"], unlisted=True, fits=lambda a, b: type(a) is b, enum=True, order=1):
        found = {name: "missing" for name in needed if name not in answer}
        for name, value in answer.items():
            rule = rules.get(name, {})
            wrong = [
                ("unknown", unlisted and not rule),
                (
                    "type",
                    bool(rule) and not fits(value, {"string": str, "integer": int, "boolean": bool}[rule["type"]]),
                ),
                ("enum", enum and value not in rule.get("enum", [value])),
            ]
            found |= dict([(name, kind) for kind, is_so in wrong[::order] if is_so][:1])
        return whole or found

    held = "{" in text and text.rstrip("`. \n]").endswith("}")  # an object, perhaps with something around it
    return {
        "lenient": [inside if held else whole or inside, *([whole] if whole == {"": "object"} else [])],
        "object": [{"": "json"} if whole else inside],
        "bool": [by(fits=isinstance)],
        "all required": [by(needed=rules)],
        "unknown passes": [by(unlisted=False)],
        "missing passes": [by(needed=())],
        "no enum": [by(enum=False)],
        "enum first": [by(order=-1)],
        "first only": [whole or {name: kind} for name, kind in inside.items()] or [whole or {}],
    }  # fmt: skip


# ---- 4. numbers without a source -----------------------------------------------------------------------------------


@question("prompting.q4", answer="made_up", kind="function")
def q4(made_up, rng):
    def fits(answer):
        return type(answer) is list and all(type(one) is str for one in answer)

    _asked(made_up, [_number_case(rng, number) for number in range(60)], fits, "numbers form", "q4")


def _ways(value: Fraction) -> list[str]:
    """The ways to write a number of at most three decimals."""
    short, long = f"{float(value):,.3f}".rstrip("0"), f"{float(value):,.3f}"
    ways = [short, long, long.replace(",", "")]
    if (100 * value).denominator == 1:
        ways += [f"{float(value):,.2f}", f"{float(value):.2f}"]
    if value.denominator == 1:
        ways += [f"{int(value)}", f"{int(value):,}", f"{int(value)}.0"]
    return [way for way in ways if not way.endswith(".")]


def _number_case(rng, number):
    """Texts made of words and numbers. What has a source is known from how they are made."""
    drawn = [Fraction(rng.choice([5, 85, 12, 1200, 34000])) for _ in range(2)]
    drawn += [Fraction(rng.randint(1, 999)) / rng.choice([1, 1, 2, 4, 8]), Fraction(rng.randint(1000, 2_000_000))]
    known = list(dict.fromkeys(drawn))
    colon = rng.choice([": ", "：", " "])
    units = ["", "kg", "."]
    source = "; ".join(
        f"{name}{colon}{rng.choice(_ways(x))}{rng.choice(units)}" for name, x in zip("ABCD", known, strict=False)
    )
    made = [x for x in (known[0] + 100, known[0] * 10, Fraction(3), known[-1] + Fraction(1, 2)) if x not in known]
    made += [known[-1] + Fraction(1, 100), known[-1] + Fraction(1, 1000)]
    used = [rng.choice(known + made) for _ in range(rng.randint(1, 5))]
    used += [rng.choice(used)] * (rng.random() < 0.3)
    written = [(x, rng.choice(_ways(x))) for x in used]
    ends = [t("元", " yuan"), "kg", t("。", "."), t("，", ", "), t("件！", " pieces!"), ". ", ", "]
    # letters may stand right beside a number
    answer = t("价格是", "It is ") + "".join(
        f"{rng.choice(['¥', ' ', t('共', 'x')])}{word}{rng.choice(ends)}" for _, word in written
    )
    right = [word for x, word in written if x not in known]

    def by(pattern, value=lambda word: Fraction(word.replace(",", "")), keep=lambda one, known: one not in known):
        found = {value(word) for word in re.findall(pattern, source)}
        return [word for word in re.findall(pattern, answer) if keep(value(word), found)]

    whole = r"\d+(?:,\d{3})*(?:\.\d+)?"

    def loose(word):
        return word.strip(".,").replace(",", "")

    def number_of(word):
        return Fraction(loose(word)) if loose(word).count(".") < 2 else word

    return (answer, source), right, {
        "inverted": [[word for x, word in written if x in known]],
        "substring": [[word for _, word in written if word not in source]],
        "spelling": [
            by(whole, str),
            by(whole, loose),
            by(whole, lambda word: loose(word).removesuffix(".00").removesuffix(".0")),
        ],
        "commas": [by(r"\d+(?:\.\d+)?")],
        "decimals": [
            by(r"\d+(?:,\d{3})*"),
            by(r"\d+"),
            by(whole.replace("+)?", "{2})?")),
            by(whole.replace("+)?", "{1,2})?")),
        ],
        "full stop": [
            by(r"[\d.,]+", str),
            by(r"[\d.,]+", loose),
            by(r"\d+(?:,\d{3})*\.?\d*", number_of),
            by(r"\d[\d,]*(?:\.\d+)?", number_of),
        ],
        "groups only": [by(r"\d{1,3}(?:,\d{3})*(?:\.\d+)?")],
        "border": [by(rf"\b{whole}\b"), by(rf"\b{whole}"), by(rf"{whole}\b")],
        "rounded value": [
            by(whole, lambda word: int(number_of(word))),
            by(whole, lambda word: round(number_of(word))),
            by(whole, lambda word: round(number_of(word), 1)),
        ],
        "dedupe": [list(dict.fromkeys(right))],
        "sorted": [sorted(right), sorted(right, key=lambda word: float(word.replace(",", "")))],
        "rewritten": [[word.replace(",", "") for word in right], [str(float(word.replace(",", ""))) for word in right]],
    }  # fmt: skip


# ---- 5. the gate ---------------------------------------------------------------------------------------------------


@question("prompting.q5", answer="gate", kind="function")
def q5(gate, rng):
    _asked(gate, [_gate_case(rng, number) for number in range(40)], _numbers(int, int, int), "gate form", "q5")


def _gate_case(rng, number):
    """Drafts of a few questions; every eighth time none of them passes."""
    passing = 0 if number % 8 == 7 else rng.uniform(0.2, 0.7)
    drafts = [
        [[rng.random() < passing, rng.random() < 0.5] for _ in range(rng.randint(1, 6))]
        for _ in range(rng.randint(2, 6))
    ]
    most = rng.randint(1, 5)

    def by(most=most, take=None, anyway=None, drafts=drafts):
        """take: which of the seen drafts that pass; anyway: which of those seen is handed out where none passes."""
        handed, looked, wasted = [], 0, 0
        for some in drafts:
            seen = some[:most]
            passed = [i for i, (passes, _) in enumerate(seen) if passes]
            chosen = passed[0 if take is None else take(passed, seen)] if passed else anyway
            looked += chosen % len(seen) + 1 if passed else len(seen)
            wasted += 0 if passed else len(seen)
            handed += [] if chosen is None else [seen[chosen][1]]
        n = len(drafts)
        return [len(handed) / n, sum(handed) / len(handed) if handed else 0, looked / n], sum(handed) / n, wasted / n

    right, of_all, wasted = by()
    every = sum(len(some[:most]) for some in drafts) / len(drafts)
    best = by(take=lambda passed, seen: next((k for k, i in enumerate(passed) if seen[i][1]), 0))[0]
    passed = [good for some in drafts for passes, good in some[:most] if passes]
    goes_on = [len(passed) / len(drafts), sum(passed) / max(1, len(passed)), every]
    only_good = [[[passes and good, good] for passes, good in some] for some in drafts]
    return (drafts, most), right, {
        "percent": [[100 * right[0], 100 * right[1], right[2]]],
        "rounded": [[round(x, digits) for x in right] for digits in range(1, 5)],
        "no limit": [by(most=100)[0]],
        "one more": [by(most=most + 1)[0], by(most=most - 1)[0]] if most > 1 else [by(most=2)[0]],
        "of all": [[right[0], of_all, right[2]]],
        "all drafts": [[*right[:2], every], [*right[:2], sum(map(len, drafts)) / len(drafts)], goes_on],
        "handed drafts": [
            [*right[:2], right[2] - wasted],
            [*right[:2], (right[2] - wasted) / right[0] if right[0] else 0],
        ],
        "cheats": [best, [*best[:2], right[2]], by(drafts=only_good)[0]],
        "gives anyway": [by(anyway=-1)[0], by(anyway=0)[0]],
        "last passing": [by(take=lambda passed, _: -1)[0], [*by(take=lambda passed, _: -1)[0][:2], right[2]]],
    }  # fmt: skip
