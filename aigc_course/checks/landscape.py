"""Checks of the lab `landscape`. Oracles: fractions and logarithms, the rows one by one, article 6 as a table.

Which statement is of which kind is not written here: KEY holds a fingerprint of each verdict that holds (`seal`).
Whoever tries out every claim of the ledger by program finds them. A value has no secret, so this only keeps them from
being read by accident. If a retrained model answers otherwise, add `seal("X", "measured 4.2")`
and the like for the numbers that the lab's solution then measures.
"""

import json
import math
import re
from functools import cache
from hashlib import pbkdf2_hmac

from aigc_course import claims, landscape
from aigc_course.checks import close, diagnose, expect, in_form, question
from aigc_course.i18n import t

KINDS = ("measured", "sourced", "opinion", "wrong")
NOT_DECIDABLE = ("should", "taste", "future", "cause")
ENOUGH = 8  # right less wrong, of ten statements
SEALS = """
    042d0321060d 0a3a47ec0649 0d77dd612c06 19ae03a6e8e8 22f849533a30 279888695599 299b2f109f28 2b71c86283ce
    2ca3d2b5c98e 3e5f88b73acc 57c38e35855f 5a1d4fbecd81 5e8b8a87a597 65085b4e30e2 6b571b28f396 71412036934a
    7b47298c3e4a 7b7ddb63dee6 8200fe6a7b03 839003199f25 8f02a9440c11 94fce76d6c79 a121156b19d7 a1a7bf70550d
    b929a5eaf3f1 d3dc6ea2b8a3 e03eccc34eab e0c14cd3ae01 e14a852d0ccd e6d3611da77c e6dcc6db7849 eed655ccce83
    f14fc54a28c7 f2a3a0d651fc
"""
KEY = frozenset(SEALS.split())

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
HINTS = {
    "measured": (
        "“measured”一堆里有不成立的：这个数真的决定这句话吗？是不是两位有效数字？百分之几写成 85，不是 0.85。",
        "Not all of “measured” holds: does the number decide the statement? Has it two significant digits? Per cent is "
        "85 and not 0.85.",
    ),
    "sourced": (
        "“sourced”一堆里有不成立的：读一读那条说法，它说的是这件事成立，还是只说有人这样讲过？"
        "也可能堆对了，那一条说的却是别的事。",
        "Not all of “sourced” holds: read the claim again. Does it say that this is so, or only that somebody said so? "
        "Or the pile is right, and the claim is about something else.",
    ),
    "opinion": (
        "“opinion”一堆里有不成立的：台账里有没有一条能定它？没有的话，理由那个词选对了吗？",
        "Not all of “opinion” holds: could a claim of the ledger decide it? If not, is the reason the right word?",
    ),
    "wrong": (
        "“wrong”一堆里有不成立的：你给的那一条或那个数，真的和这句话相反吗？没有证据的话不等于错。"
        "也可能堆对了，那一条说的却是别的事。",
        "Not all of “wrong” holds: does your claim or number contradict the statement? Without evidence is not wrong. "
        "Or the pile is right, and the claim is about something else.",
    ),
    "blank": (
        "写下的太少：至少八句，才一起判。",
        "Too few: nothing is judged with fewer than eight statements.",
    ),
    "q3": (
        "不对。拿题目里的两个例子在纸上算一遍。",
        "Not right. Work out the two examples of the question on paper.",
    ),
    "compare form": (
        "要返回三样东西的列表：[差多少, 单位, 每年变成几倍]，一头一尾是数，单位是 \"points\" 或 \"%\"。",
        "Return a list of three: [difference, its unit, times each year]. The first and the last are numbers, the unit "
        "is \"points\" or \"%\".",
    ),
    "share": (
        "份额的差要用百分点：直接相减。你算的是百分之几的百分之几。",
        "Shares differ by percentage points: subtract. You took per cent of a per cent.",
    ),
    "points": (
        "单位不是 % 的数，没有百分点：要算变了原来的百分之几。",
        "A figure whose unit is not % has no percentage points: by how many per cent of the old one did it change?",
    ),
    "unit": (
        "数对了，单位不对：份额的差是 \"points\"，别的是 \"%\"。",
        "The numbers are right, the unit is not: \"points\" for shares, \"%\" for the rest.",
    ),
    "sign": ("变少了，差就是负的：不要取绝对值。", "Where it became less, the difference is below 0: keep its sign."),
    "fraction": ("单位是 \"%\"，所以 0.25 要写成 25。", "The unit is \"%\", so 0.25 has to be 25."),
    "new base": ("要除以旧的数，不是新的。", "Divide by the old figure, not by the new one."),
    "times": ("要的是变了百分之几：变成 1.5 倍，是增加了 50%。", "Wanted is the change: 1.5 times is 50 % more."),
    "whole": (
        "这是从头到尾变成几倍，还不是每年：差几个月，折成几年。",
        "That is how many times over the whole time, not each year: count the months and make years of them.",
    ),
    "linear": (
        "每年的倍数要连乘起来等于总的倍数，所以要开方，不能用除法平均。",
        "The yearly factors multiply to the whole factor: take a root, do not divide.",
    ),
    "calendar": (
        "只看了年份，没有看月份。",
        "Only the years are looked at, the months are not.",
    ),
    "monthly": ("这是每个月变成几倍，要的是每年。", "That is the factor of a month; wanted is that of a year."),
    "upside down": ("每年的倍数反了：新的除以旧的。", "The yearly factor is upside down: new divided by old."),
    "growth": (
        "要的是每年变成几倍（1.2），不是增加多少（0.2 或 20%）。",
        "Wanted is how many times each year (1.2), not how much more (0.2 or 20 %).",
    ),
    "rounded": ("不要四舍五入。", "Do not round."),
    "standing form": (
        "要返回四样东西的列表：[最低, 最高, 几个来源, 过时的行号]，最后一样是列表。",
        "Return a list of four: [lowest, highest, how many sources, outdated rows]; the last is a list.",
    ),
    "q4": (
        "不对。把显示的表按题目的四步一步一步划一遍：剩下哪几行？",
        "Not right. Go through the table shown in the four steps of the question: which rows are left?",
    ),
    "copies": (
        "转抄的行不是证据：cites 不空的，要先去掉。",
        "A row that only repeats another is no evidence: drop those whose cites is not empty.",
    ),
    "future": ("那一天以后的行，当时还没有：不能用。", "Rows of a later date did not exist yet on that day."),
    "that day": ("当天的行已经有了，要用。", "A row of that very day exists already: use it."),
    "superseded": (
        "同一个来源有新的，旧的就过时了，不再算进范围。",
        "Where a source has a newer row, the older one is outdated and no longer counts for the range.",
    ),
    "same day": (
        "同一个来源同一天的两行，哪个都不过时，两行都要用。",
        "Two rows of one source and one day do not outdate each other: use both.",
    ),
    "newest only": (
        "过不过时，要在同一个来源里比：别人后来说了别的，不会让它过时。",
        "A row is outdated only by a newer one of the same source, not by what somebody else said later.",
    ),
    "dropped": (
        "过不过时，只和前两步留下来的行比：去掉的行（转抄的、以后的、说别的事的），不能让别的行过时。",
        "Compare only with rows left after the first two steps: one that was dropped (copied, of a later day, about "
        "something else) outdates nothing.",
    ),
    "rows": ("要数有几个来源，不是有几行。", "Count sources, not rows."),
    "all about": ("说别的事的行混进来了：看 about。", "Rows about something else got in: look at `about`."),
    "no outdated": (
        "范围对了，过时的行号不对：是在 rows 里第几行，从 0 数起，从小到大。两行一模一样，也是两行。",
        "The range is right, the outdated rows are not: their places in `rows`, from 0, the smallest first. Two rows "
        "that are just alike have two places.",
    ),
    "q5": (
        "不对。按第六条从上往下看，用第一个符合的：先看隐式标识，再看用户的声明，最后看痕迹。",
        "Not right. Go down article 6 and take the first that applies: implicit label, then the user's word, then "
        "traces.",
    ),
    "words": (
        "要返回四个词之一：\"is\"、\"may be\"、\"suspected\"、\"none\"。",
        "Return one of four words: \"is\", \"may be\", \"suspected\", \"none\".",
    ),
    "any label": (
        "不完整的隐式标识也算数了：三项都要有，而且不能是空的。",
        "An incomplete implicit label counts here: all three fields must be there, and none empty.",
    ),
    "present": (
        "项目写了，可是空着，也算数了。空的等于没有写。",
        "A field that is there but empty counts here. Empty is as good as missing.",
    ),
    "declared first": (
        "次序不对：有完整的隐式标识，就不用再看用户怎么说。",
        "The wrong order: with a whole implicit label the user's word no longer matters.",
    ),
    "traces first": (
        "次序不对：用户声明了，就是“may be”，哪怕还有痕迹。",
        "The wrong order: if the user declares it, it is “may be”, even where there are traces too.",
    ),
    "not read": (
        "有的标识认错了：要用 json.loads 读。被截断的读不了，就当作没有；空格、换行多一个少一个，都读得了。",
        "Some label is taken wrongly. Read it with json.loads: one that is cut short cannot be read, so it is none; "
        "a space or a line break more or less makes no difference.",
    ),
    "user ignored": ("用户的声明没有用上。", "What the user declares is not used."),
    "user only": (
        "没有标识、没有声明，可是有痕迹的，也要提示。",
        "Without label and declaration, but with traces, there must be a notice as well.",
    ),
}  # fmt: skip


# ---- 1 and 2. twenty statements ------------------------------------------------------------------------------------


@cache
def seal(letter: str, verdict: str) -> str:
    """A verdict's fingerprint, slow on purpose; numbers by two significant digits."""
    kind, _, reason = verdict.partition(" ")
    text = f"{letter} {kind} {f'{float(reason):.2g}' if _is_number(reason) else reason}"
    return pbkdf2_hmac("sha256", text.encode(), b"aigc_course landscape", 3000).hex()[:12]


def _is_number(text):
    return bool(re.fullmatch(r"-?\d+(\.\d+)?", text))


@cache
def _ids():
    return {*claims.load(), *(row.id for row in landscape.read("value"))}


def _form_problem(letter, verdict):
    """What is wrong with the form of a verdict, "" if nothing."""
    kind, _, reason = verdict.partition(" ")
    if kind not in KINDS:
        return t(
            f'{letter}：第一个词要是 {"、".join(KINDS)} 之一，不会的写 "?"。',
            f'{letter}: begin with one of {", ".join(KINDS)}; write "?" where you do not know.',
        )
    if not reason:
        return t(f"{letter}：只有种类，没有理由，不得分。", f"{letter}: a kind without a reason earns nothing.")
    if not _is_number(reason) and (kind == "measured" or (kind == "wrong" and re.match(r"[^a-z]?\d", reason))):
        return t(
            f"{letter}：“{kind}”后面只写一个数，例如 4.2：单位、编号、“约”都不要。",
            f"{letter}: after “{kind}” write a number such as 4.2 and nothing with it: no unit, no id, no “about”.",
        )
    if kind == "opinion" and reason not in NOT_DECIDABLE:
        return t(
            f"{letter}：“opinion”后面写 {'、'.join(NOT_DECIDABLE)} 之一。",
            f"{letter}: after “opinion” write one of {', '.join(NOT_DECIDABLE)}.",
        )
    if reason not in _ids() and (kind == "sourced" or (kind == "wrong" and not _is_number(reason))):
        return t(
            f"{letter}：台账里没有“{reason}”。编号要照抄，用 look(…) 查。",
            f"{letter}: the ledger has no “{reason}”. Copy the id; look(…) finds it.",
        )
    return ""


def _sort(verdicts, letters):
    expect(
        type(verdicts) is dict and all(type(x) is str for x in verdicts.values()),
        t('要一个字典，例如 {"A": "wrong 0.3", "B": "?"}。', 'A dict is wanted, such as {"A": "wrong 0.3", "B": "?"}.'),
    )
    strange = sorted(set(verdicts) - set(letters))
    expect(not strange, t(f"这一题没有 {' '.join(strange)}。", f"This question has no {' '.join(strange)}."))
    given = {
        letter: " ".join(verdict.split()) for letter, verdict in verdicts.items() if verdict.strip() not in ("?", "？")
    }
    for letter in sorted(given):
        problem = _form_problem(letter, given[letter])
        expect(not problem, problem)
    # fewer would be judged one by one, and every verdict found by trying
    expect(len(given) >= ENOUGH, t(*HINTS["blank"]))
    faults = [verdict.split()[0] for letter, verdict in given.items() if seal(letter, verdict) not in KEY]
    if len(given) - 2 * len(faults) < ENOUGH:
        short = t(f"还不到 {ENOUGH} 分。", f"Not yet {ENOUGH} points. ")
        expect(False, short + t(*HINTS[max(KINDS, key=faults.count)]))


@question("landscape.q1", answer="first_ten", kind="value")
def q1(first_ten, rng):
    _sort(first_ten, "ABCDEFGHIJ")


@question("landscape.q2", answer="last_ten", kind="value")
def q2(last_ten, rng):
    _sort(last_ten, "KLMNOPQRST")


# ---- 3. two dated figures ------------------------------------------------------------------------------------------


@question("landscape.q3", answer="compare", kind="function")
def q3(compare, rng):
    cases = [_dated_case(rng, number) for number in range(30)]

    def has_form(answer, _):
        form = type(answer) is list and len(answer) == 3 and answer[1] in ("points", "%")
        return form and all(type(answer[i]) in (int, float) for i in (0, 2))

    in_form(compare, cases, has_form, HINTS["compare form"])
    diagnose(compare, cases, HINTS, "q3", 1e-6)


def _dated_case(rng, number):
    share = number % 2 == 0
    year, month, months = rng.randint(2015, 2022), rng.randint(1, 12), rng.choice([5, 7, 12, 18, 30, 36, 61])
    old = round(rng.uniform(2, 60), 1)
    new = round(min(old * rng.choice([0.3, 0.8, 1.4, 3.5]), 99) + 0.1, 1)
    until = year * 12 + month - 1 + months
    dates = f"{year}-{month:02}", f"{until // 12}-{until % 12 + 1:02}"
    unit = "%" if share else rng.choice(["GB", "B", "million", "people", "yuan"])
    given = tuple({"date": date, "value": value, "unit": unit} for date, value in zip(dates, (old, new), strict=True))

    percent, ratio = (new - old) * 100 / old, new / old
    yearly = math.exp(math.log(ratio) * 12 / months)
    change = [new - old, "points"] if share else [percent, "%"]
    calendar = until // 12 - year
    mistakes = {
        "share": [[percent, "%", yearly], [percent, "points", yearly]] if share else [[*change, yearly]],
        "points": [[new - old, unit_, yearly] for unit_ in ("points", "%")] if not share else [[*change, yearly]],
        "unit": [[change[0], unit_, yearly] for unit_ in ("points", "%")],
        "sign": [[abs(change[0]), change[1], yearly]],
        "fraction": [[*change, yearly]] if share else [[percent / 100, "%", yearly]],
        "new base": [[*change, yearly]] if share else [[(new - old) * 100 / new, "%", yearly]],
        "times": [[*change, yearly]] if share else [[ratio, "%", yearly], [100 * ratio, "%", yearly]],
        "whole": [[*change, ratio]],
        "linear": [[*change, 1 + (ratio - 1) * 12 / months], [*change, ratio * 12 / months]],
        "calendar": [[*change, ratio ** (1 / calendar) if calendar else ratio]],
        "monthly": [[*change, yearly ** (1 / 12)]],
        "upside down": [[*change, 1 / yearly]],
        "growth": [[*change, yearly - 1], [*change, 100 * (yearly - 1)]],
        "rounded": [
            [round(change[0], a), change[1], round(yearly, b)] for a in (0, 1, 2, 3, 4, 9) for b in (1, 2, 3, 4, 5, 9)
        ],
    }
    return given, [*change, yearly], mistakes


# ---- 4. sources that disagree --------------------------------------------------------------------------------------


@question("landscape.q4", answer="standing", kind="function")
def q4(standing, rng):
    cases = [_table_case(rng, number) for number in range(40)]

    def has_form(answer, _):
        return type(answer) is list and len(answer) == 4 and type(answer[3]) is list

    answers = in_form(standing, cases, has_form, HINTS["standing form"])
    same_range = all(close(answer[:3], right[:3]) for (_, right, _), answer in zip(cases, answers, strict=True))
    diagnose(standing, cases, HINTS, "no outdated" if same_range else "q4", 1e-9)


def _table_case(rng, number):
    """Random rows; every fifth case has no evidence at all on that day. In a third of them a source has two rows of a
    day, in another third two rows of an outdated day, which in half of these are just alike."""
    abouts, sources = rng.sample(["cost", "users", "size"], 2), rng.sample(["Anna", "Bureau", "Club", "Daily"], 3)
    days = rng.choices(
        [f"202{year}-{month:02}-{day:02}" for year in "345" for month in (2, 6, 11) for day in (1, 28)], k=9
    )
    rows, scale = [], rng.choice([1, -1, 40])
    for day in days:
        low = round(rng.uniform(1, 90) * scale, 1) if rng.random() < 0.9 else 0
        source, about = rng.choice(sources), abouts[rng.random() < 0.25]
        cites = rng.choice([s for s in sources if s != source]) if rng.random() < 0.3 else ""
        high = round(low + rng.choice([0, 0, 4.5]), 1)
        rows.append({"about": about, "source": source, "cites": cites, "date": day, "low": low, "high": high})
    day = "2022-12-31" if number % 5 == 4 else rng.choice(sorted(days)[4:])
    known = [row for row in rows if row["about"] == abouts[0] and not row["cites"] and row["date"] <= day]
    if number % 3 == 0 and known:
        low = round(rng.uniform(1, 90), 1)
        again = max(known, key=lambda row: row["date"]) | {"low": low, "high": low}
        rows.insert(rng.randint(0, len(rows)), again)
    elif number % 3 == 1 and known:
        first = round(rng.uniform(1, 90), 1)
        for low in (first, first if number % 2 else round(first / 2, 1)):
            again = known[0] | {"date": "2022-01-01", "low": low, "high": low}
            rows.insert(rng.randint(0, len(rows)), again)
    right = _by_rows(rows, abouts[0], day)
    return (rows, abouts[0], day), right, _wrong_tables(rows, abouts[0], day, right)


def _by_rows(
    rows,
    about,
    day,
    may=lambda a, b: a <= b,
    copies=False,
    every=False,
    newest=False,
    mix=False,
    place=lambda i: 0,
    rival=None,
):
    """Row by row; the switches are the mistakes."""
    used = [
        (i, row)
        for i, row in enumerate(rows)
        if (mix or row["about"] == about) and (copies or not row["cites"]) and may(row["date"], day)
    ]

    def later(i, a, j, b):
        return (newest or a["source"] == b["source"]) and (a["date"], place(i)) < (b["date"], place(j))

    rivals = used if rival is None else [(j, row) for j, row in enumerate(rows) if rival(row)]
    old = [i for i, a in used if any(later(i, a, j, b) for j, b in rivals)]
    left = [row for i, row in used if every or i not in old]
    ends = [end for row in left for end in (row["low"], row["high"])]
    return [min(ends, default=None), max(ends, default=None), len({row["source"] for row in left}), old]


def _wrong_tables(rows, about, day, right):
    every = _by_rows(rows, about, day, every=True)
    tried = {
        "copies": _by_rows(rows, about, day, copies=True),
        "future": _by_rows(rows, about, day, may=lambda *_: True),
        "that day": _by_rows(rows, about, day, may=lambda a, b: a < b),
        "newest only": _by_rows(rows, about, day, newest=True),
        "all about": _by_rows(rows, about, day, mix=True),
    }
    many = sum(row["about"] == about and not row["cites"] and row["date"] <= day for row in rows)
    # which rows may outdate others, where it is not those that are used
    rules = (
        lambda row: row["about"] == about and not row["cites"],
        lambda row: row["about"] == about and row["date"] <= day,
        lambda row: row["date"] <= day and not row["cites"],
        lambda row: row["about"] == about,
        lambda row: True,
    )
    loose = {
        "dropped": [_by_rows(rows, about, day, rival=rule) for rule in rules],
        "same day": [_by_rows(rows, about, day, place=lambda i, sign=sign: sign * i) for sign in (1, -1)],
        "superseded": [every, [*every[:2], many, right[3]]],
        "rows": [[*right[:2], many, right[3]], [*right[:2], many - len(right[3]), right[3]]],
    }
    return {name: [value] for name, value in tried.items()} | loose


# ---- 5. what a platform must say -----------------------------------------------------------------------------------

FIELDS = ("Label", "ContentProducer", "ProduceID")


@question("landscape.q5", answer="notice", kind="function")
def q5(notice, rng):
    cases = [_file_case(rng, number) for number in range(48)]
    in_form(notice, cases, lambda answer, _: answer in ("is", "may be", "suspected", "none"), HINTS["words"])
    diagnose(notice, cases, HINTS, "q5")


def _file_case(rng, number):
    """Each of eight kinds of label, with and without a declaration and traces."""
    fields = {
        "Label": rng.choice(["1", "2", "AI"]),
        "ContentProducer": rng.choice(["Painter", "Writer & Co."]),
        "ProduceID": f"{rng.choice(['A', ''])}{rng.randint(1, 999)}",
    }
    kind, declared = number % 8, number // 8 % 2 == 1
    traces = [[], ["noise pattern", "watermark"], ["odd metadata"]][number // 16 % 3]
    dropped = rng.choice(FIELDS)
    if kind == 2:
        del fields[dropped]
    elif kind == 3:
        fields[dropped] = ""
    if kind in (2, 3) or rng.random() < 0.5:
        fields |= {"ReservedCode1": "", "ContentPropagator": rng.choice(["", "Poster"])}
    fields = dict(rng.sample([*fields.items()], len(fields)))
    text = json.dumps(fields, separators=(",", ":") if kind == 1 else None)
    cut = rng.randint(5, len(text) - 2)
    if number == 4:  # cut where a brace within a value looks like the end
        text = json.dumps(fields | {"ContentProducer": "{Painter}"})
        cut = text.index("}") + 1
    elif number in (20, 36):  # the same after all three
        text = json.dumps(fields | {"ReservedCode1": "{Painter}"})
        cut = text.index("}") + 1
    elif number == 12:  # all three, and no end
        cut = len(text) - 1
    other = ["null", json.dumps(" ".join(FIELDS)), "17", *[json.dumps(sorted(fields))] * 3][number // 8]
    text = {4: repr(fields) if number == 28 else text[:cut], 5: other, 6: ""}.get(kind, text)
    metadata = {"Title": rng.choice(["cat", "AIGC"])} | ({} if kind == 7 else {"AIGC": text})
    if (kind == 7 and number % 16 < 8) or number == 15:
        metadata = {}
    whole = kind in (0, 1)
    cut_whole = kind == 4 and all(re.search(f'"{field}": "[^"]+"', text) for field in FIELDS)
    cut_end = cut_whole and text.endswith("}")

    def said(label, order="ldt"):
        found = {"l": (label, "is"), "d": (declared, "may be"), "t": (bool(traces), "suspected")}
        return next((word for there, word in map(found.get, order) if there), "none")

    mistakes = {
        "present": [said(kind in (0, 1, 3))],
        "any label": [
            said(kind in (0, 1, 2, 3)),
            said(kind < 6),
            said(kind < 7),
            said(kind in (0, 1) or (kind in (2, 3) and sum(map(bool, fields.values())) >= 3)),
        ],
        "not read": [said(whole or cut_whole), said(kind == 0 or cut_whole), said(kind == 0), said(whole or cut_end)],
        "declared first": [said(whole, "dlt")],
        "traces first": [said(whole, "ltd")],
        "user only": [said(whole, "ld")],
        "user ignored": [said(whole, "lt")],
    }
    return (metadata, declared, traces), said(whole), mistakes
