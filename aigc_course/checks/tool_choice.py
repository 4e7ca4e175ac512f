"""Checks of the lab `tool_choice`. Oracles: every pair compared; scores in whole numbers; every threshold tried; calls
whose fault was put in by hand; conversations written together with their outcome.
"""

import json

from aigc_course.checks import close, diagnose, expect, in_form, question
from aigc_course.i18n import t

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
HINTS = {
    "names": ("要返回名字的列表。", "Return a list of names."),
    "q1": (
        "不对。把显示的候选画成点，一对一对地比：谁又不贵、又不差、又不全一样？",
        "Not right. Draw the points shown and compare them pair by pair: is one no dearer, no worse, and not the same?",
    ),
    "order": ("留下的都对，次序不对：便宜的在前。", "The right ones are kept, in the wrong order: cheapest first."),
    "twins gone": (
        "两个一样的互相划掉了：一样不算胜过。",
        "Two that are the same strike each other off: the same is not better.",
    ),
    "one twin": ("两个数都一样的，只留了一个：都要留。", "Of two that are the same only one is kept: keep both."),
    "ties": (
        "一个数并列的时候不对：一样贵，可是差一些；一样好，可是贵一些：都算被胜过了。",
        "Wrong where one number ties: at the same cost but worse, or as good but dearer, is beaten as well.",
    ),
    "upside down": ("反了：价钱要低，答对要多。", "Upside down: a low cost is good, and a high percentage."),
    "struck": ("这是划掉的。要的是留下的。", "Those are struck off. Wanted are the ones that stay."),
    "one number": ("只留了一头：中间的也可能没人胜过。", "Only an extreme is kept: one between may be unbeaten."),
    "neighbour": (
        "不要只和相邻的比：不比它贵的，都要比。",
        "Compare with every candidate that costs no more, not only with the next.",
    ),
    "q2": (
        "不对。拿显示的表，只动一个权重，两个方向都算一算总分，看第一名是谁；有一个方向换人就算。",
        "Not right. Take the table shown, move one weight alone, and work out the scores for both directions. Who is "
        "first? One direction is enough.",
    ),
    "none": (
        "一个也没有找出来。权重动了那么大的比例吗？有一个方向换人就算。",
        "None is found at all. Is the weight moved by that share of it? One direction is enough.",
    ),
    "one way": ("只看了一个方向：加和减都要试。", "Only one direction is tried: a weight may be larger or smaller."),
    "both ways": (
        "有一个方向换人就算，不用两个方向都换。",
        "One direction is enough: not both have to change the winner.",
    ),
    "added": ("by 是比例：0.2 是权重的 20%，不是加上 0.2。", "`by` is a share: 20 % of the weight, not 0.2 more."),
    "firm": ("反了：要的是会换人的，不是不会换的。", "Inverted: wanted are those that change the winner."),
    "kept moved": ("一次只动一个：先恢复原样，再试下一个。", "One at a time: put a weight back before the next."),
    "lowest": ("第一名是总分最高的，不是最低的。", "The first has the highest score, not the lowest."),
    "unweighted": ("原来的第一名错了：总分要用权重。", "The first at the beginning is wrong: use the weights."),
    "choose form": (
        "要返回三样东西的列表：[门槛, 答对几道, 一共付多少]。门槛是一个数或 None。",
        "Return a list of three: [threshold, how many right, all that is paid]. The threshold is a number or None.",
    ),
    "q3": (
        "不对。拿显示的题，把每个门槛都试一遍：答对几道，付多少？哪些合格？",
        "Not right. Take the questions shown and try each threshold: how many right, and what is paid? Which qualify?",
    ),
    "free cheap": ("低于门槛的题，两个模型的钱都要付。", "Below the threshold both models are paid."),
    "all cheap": ("用便宜的答案，就不用付会思考的那一个。", "Where the cheap answer stands, only that one is paid."),
    "strict": ("把握正好等于门槛，也用便宜的答案。", "If `sure` is exactly the threshold the cheap answer stands."),
    "never none": (
        "有时先问便宜的反而不省：那就不问它，门槛写 None，只付会思考的那一个。",
        "Sometimes asking the cheap model first saves nothing: then it is left out, with None, and is not paid.",
    ),
    "none lost": ("没有用上 may_lose：可以少对几道。", "may_lose is not used: some may be lost."),
    "slack added": (
        "may_lose 用反了：可以少对，不是要多对。",
        "may_lose is the wrong way round: so many fewer may be right.",
    ),
    "which": (
        "不看丢了哪几道，只比一共答对几道。",
        "Never mind which ones are lost: compare how many are right in all.",
    ),
    "stopped": (
        "遇到不合格的就停了：更低的可能又合格。",
        "It stops at one that does not qualify: a lower one may again.",
    ),
    "best": (
        "挑了答对最多的：合格就行，再比谁省钱。",
        "That has the most right. To qualify is enough; then cost decides.",
    ),
    "inverted": ("用反了：有把握的才用便宜的答案。", "Inverted: the cheap answer stands where that model is sure."),
    "averages": ("要的是总数，不是平均。", "Wanted are totals, not means."),
    "call form": (
        '要返回 {"result": …} 或者 {"error": 错在哪里}，一个键的字典。',
        'Return {"result": …} or {"error": what is wrong}, a dict with one key.',
    ),
    "good": (
        "这个调用没有毛病，应该得到函数的结果。（0 也是结果；字符串里可以有引号；JSON 前后可以有空格。）",
        "Nothing is wrong with this call: give what the function gives. (0 is a result; a string may hold quotation "
        "marks; there may be spaces around JSON.)",
    ),
    "not JSON": (
        "这不是 JSON：整段读，读不成就是这个错。不要修补，也不要当 Python 来算。",
        "This is not JSON: read all of it, do not mend it, and do not evaluate it as Python.",
    ),
    "not a call": (
        "这是 JSON，可不是一个调用：键，或者 name、arguments 的类型不对。再看表的第二行。",
        "This is JSON, but not a call: its keys, or the types of name and arguments. See row two of the table.",
    ),
    "no such tool": (
        "没有这个名字的工具：要一模一样，不要猜。",
        "There is no tool of this name: to the letter, no guessing.",
    ),
    "not offered": ("登记表里有，可是这一次没有许模型用。", "It is in the register, but it is not offered this time."),
    "missing argument": (
        "少了参数。又少又多时，先说少的；不要等运行出错才知道。",
        "An argument is missing. That comes before one too many; do not wait for the function to fail.",
    ),
    "extra argument": (
        "多了一个没有写的参数：不能丢掉它装作没看见，也不要等运行出错才知道。",
        "One argument too many: do not drop it silently, and do not wait for the function to fail.",
    ),
    "bool": ("true 不是数，可是 isinstance 说它是整数。", "true is not a number, but for isinstance it is an int."),
    "wrong type": (
        "参数的类型不对，就不能运行，也不要替模型转换。每个参数都要查。",
        "An argument has the wrong type: do not run it, and do not convert it. Look at each of them.",
    ),
    "failed": (
        "调用没有毛病，是函数出了错：什么错都要接住。",
        "The call is in order, the function failed: catch any error.",
    ),
    "talk form": (
        "要返回三样东西的列表：[怎样, 回答, 运行了几次]。“怎样”是表里三个词之一。",
        "Return a list of three: [how, answer, how many calls were run]. The first is one of the table's three words.",
    ),
    "q5": (
        "不对。照显示的剧本一句一句地走：这一句是调用还是回答？到现在有几个结果？",
        "Not right. Go through the script shown: is this a call or an answer? How many results are there by now?",
    ),
    "one more": (
        "多运行了一次：已经有 limit 次就不能再运行。",
        "One call too many: after `limit` no other may be run.",
    ),
    "last words": ("运行完第 limit 次，还要听模型说一句。", "After the last call the model has to be heard once more."),
    "believed": ("最后一次调用出了错，不能当真。", "Its last call gave an error: do not trust the answer."),
    "zero": (
        '结果 0 也是结果：出没出错，看里面有没有 "error"。',
        'A result of 0 is a result: whether a call failed is told by "error".',
    ),
    "any error": ("前面错过、后来改好的，可以信。", "An error that was mended later does no harm."),
    "at once": ("出错就停了：让模型看到错误，再试。", "It stops at an error: show it to the model, go on."),
    "good only": ("出错的调用也运行过，也要数。", "Calls that gave an error were run as well: count them."),
    "text kept": ("没有 answered，回答就写空字符串。", "Where it is not answered, the answer is an empty string."),
    "no limit": ("没有用上 limit：有的模型会一直调用下去。", "`limit` is not used: some models never stop calling."),
    "hull": (
        "在两个候选的连线下面，不等于被胜过：要有一个候选两样都不比它差。",
        "To lie below the line between two others is not to be beaten: one of them must be no worse in both.",
    ),
    "order of weights": (
        "找出来的都对，次序不对：按它们在 weights 里的先后。",
        "The right needs, in the wrong order: keep that of `weights`.",
    ),
    "twice": (
        "一个需要只写一次，两个方向都换人也一样。",
        "A need is listed once, even if both directions change the winner.",
    ),
    "one fewer": ("正好少 may_lose 道，也合格。", "Exactly `may_lose` fewer still qualifies."),
    "as offered": (
        "有哪些参数、什么类型，都看这一次的 offered：不要照例子写死，也要按名字传给函数。",
        "Which arguments there are, and of which types, is what `offered` says this time: do not write those of the "
        "example into the code; and pass them by name.",
    ),
    "repeated": (
        "同样的调用再写一遍，也要再运行：叫停的只有 limit。",
        "The same call once more is run once more: only `limit` stops it.",
    ),
    "called it unknown": (
        "到了 limit 还想调用，就是 gave up，最后一次出没出错都一样。",
        'If it wants another call after `limit`, that is "gave up", whether or not the last one failed.',
    ),
}


def _judge(function, make, rng, fits, form, otherwise, more=()):
    """For each mistake two cases in which it gives another answer, so that no draw hides it; and some at random."""
    cases = [_until(make, rng, mistake) for mistake in make(rng)[2] for _ in range(2)]
    cases += [*(make(rng) for _ in range(4)), *more]
    in_form(function, cases[::2], lambda answer, _: fits(answer), HINTS[form])
    diagnose(function, cases, HINTS, otherwise, 1e-6)  # torch's numbers have seven digits


def _until(make, rng, mistake):
    while True:
        case = make(rng)
        if not any(close(answer, case[1]) for answer in case[2][mistake]):
            return case


# ---- 1. the frontier -----------------------------------------------------------------------------------------------


@question("tool_choice.q1", answer="frontier", kind="function")
def q1(frontier, rng):
    _judge(frontier, _points_case, rng, _are_names, "names", "q1")


def _are_names(answer):
    return type(answer) is list and all(type(name) is str for name in answer)


def _points_case(rng):
    """Few different numbers, so that ties are common; a cost may be 0, and numbers need not be whole."""
    names = [*"ABCDEFGH"[: rng.randint(3, 7)]]
    rng.shuffle(names)
    unit = rng.choice([0.01, 0.25, 100])
    costs = [0.0, *(x * unit for x in rng.sample(range(1, 12), 5))]
    points = {name: [rng.choice(costs), rng.choice([0, 40, 62.5, 62.25, 70, 80, 90])] for name in names}

    def kept(beats):
        stay = [a for a in points if not any(beats(points[b], points[a]) for b in points)]
        return sorted(stay, key=lambda name: points[name][0])

    def better(a, b, way_of_cost=-1, way_of_right=1):
        cost, right = (a[0] - b[0]) * way_of_cost, (a[1] - b[1]) * way_of_right
        return cost >= 0 and right >= 0 and cost + right > 0

    right = kept(better)
    by_cost = sorted(points, key=lambda name: points[name][0])

    def under(name):
        """Whether it lies below the line between a cheaper and a dearer one of those kept."""
        x, y = points[name]
        lines = [(points[a], points[b]) for a in right for b in right if points[a][0] < x < points[b][0]]
        return any((y - b[1]) * (c[0] - b[0]) < (c[1] - b[1]) * (x - b[0]) for b, c in lines)

    mistakes = {
        "order": [[n for n in points if n in right], right[::-1], sorted(right)],
        "one twin": [[n for n in right if points[n] not in [points[m] for m in right[: right.index(n)]]]],
        "twins gone": [[n for n in right if [*points.values()].count(points[n]) == 1]],
        "ties": [
            kept(lambda a, b: a[0] < b[0] and a[1] > b[1]),
            kept(lambda a, b: a[0] < b[0] and a[1] >= b[1]),
            kept(lambda a, b: a[0] <= b[0] and a[1] > b[1]),
        ],
        "neighbour": [[n for i, n in enumerate(by_cost) if i == 0 or points[n][1] > points[by_cost[i - 1]][1]]],
        "upside down": [kept(lambda a, b, way=way: better(a, b, *way)) for way in ((1, 1), (-1, -1), (1, -1))],
        "struck": [[n for n in some if n not in right] for some in (points, by_cost)],
        "one number": [right[:1], [max(points, key=lambda n: (points[n][1], -points[n][0]))]],
        "hull": [
            [n for n in right if not under(n)],
            [n for n in right if not under(n) or [*points.values()].count(points[n]) > 1],
        ],
    }
    return (points,), right, mistakes


# ---- 2. a table of decisions ---------------------------------------------------------------------------------------


@question("tool_choice.q2", answer="fragile", kind="function")
def q2(fragile, rng):
    _judge(fragile, _table_case, rng, _are_names, "names", "q2")


def _table_case(rng):
    """A table in which nobody ties for the first place, nor for the last, before or after a weight has moved."""
    tenths, tools = rng.choice([2, 3, 5, 8]), rng.sample("ABCDEFGH", rng.randint(2, 5))
    while True:
        needs = rng.sample(["quality", "price", "speed", "privacy", "length"], rng.randint(2, 4))
        weights = {need: rng.randint(2, 9) for need in needs}
        # each row has an order of its own: that of the weights counts
        marks = {tool: {need: rng.randint(0, 10) for need in rng.sample(needs, len(needs))} for tool in tools}
        less, more = ({n: _ranked(marks, weights, {n: 10 + way * tenths}) for n in needs} for way in (-1, 1))
        ranked, lead = _ranked(marks, weights, {})
        if min(lead, *(gap for ends in (less, more) for _, gap in ends.values())) > 0:
            break
    plain = max(tools, key=lambda tool: sum(marks[tool].values()))

    def changed(first=ranked[0], place=0, both=(less, more)):
        return [n for n in needs if {ends[n][0][place] for ends in both} != {first}]

    added = [{n: _ranked(marks, weights, {n: 10 + way * tenths / weights[n]}) for n in needs} for way in (-1, 1)]
    kept = [
        {n: _ranked(marks, weights, dict.fromkeys(needs[: i + 1], 10 + way * tenths)) for i, n in enumerate(needs)}
        for way in (-1, 1)
    ]
    right = changed()
    mistakes = {
        "none": [[]],
        "one way": [changed(both=[less]), changed(both=[more])],
        "both ways": [[n for n in needs if all(ends[n][0][0] != ranked[0] for ends in (less, more))]],
        "added": [changed(both=added)],
        "firm": [[n for n in needs if n not in right]],
        "kept moved": [changed(both=[ends]) for ends in kept],
        "lowest": [changed(ranked[-1], place=-1)],
        "unweighted": [changed(plain)],
        "order of weights": [right[::-1], sorted(right), [n for n in marks[tools[0]] if n in right]],
        "twice": [[n for n in needs for ends in (less, more) if ends[n][0][0] != ranked[0]]],
    }
    return (marks, weights, tenths / 10), right, mistakes


def _ranked(marks, weights, moved):
    """Tools, the highest score first, and the lead of the first or of the last but one, whichever is smaller; moved:
    need → how many tenths of its weight."""
    scores = {tool: sum(weights[n] * moved.get(n, 10) * row[n] for n in weights) for tool, row in marks.items()}
    ranked = sorted(marks, key=lambda tool: -scores[tool])
    return ranked, min(scores[a] - scores[b] for a, b in (ranked[:2], ranked[-2:]))


# ---- 3. a router ---------------------------------------------------------------------------------------------------

KEYS = "sure", "cheap_right", "cheap_cost", "thinking_right", "thinking_cost"


@question("tool_choice.q3", answer="choose", kind="function")
def q3(choose, rng):
    a, b = rng.randint(5, 20), rng.randint(30, 60)
    level = [dict(zip(KEYS, row, strict=True)) for row in ((0.9, True, a, True, a + b), (0.5, False, b, True, 60))]
    _judge(choose, _router_case, rng, _is_choice, "choose form", "q3", [_routed(level, 0)])


def _is_choice(answer):
    three = type(answer) is list and len(answer) == 3 and (answer[0] is None or type(answer[0]) in (int, float))
    return three and all(type(x) in (int, float) for x in answer[1:])


def _router_case(rng):
    rows, luck = [], rng.choice([1, 0.6])
    for _ in range(rng.randint(4, 9)):
        sure = rng.choice([0, 1, 0.25, *(round(rng.uniform(0.2, 1), digits) for digits in (1, 1, 1, 3))])
        cheap, thinking = (
            (rng.random() < luck * max(sure, 0.5), rng.randint(4, 50) / 2),
            (rng.random() < 0.6, rng.randint(30, 60)),
        )
        rows.append(dict(zip(KEYS, (sure, *cheap, *thinking), strict=True)))
    return _routed(rows, rng.choice([0, 0, 1, 2]))


def _routed(rows, may_lose):
    always = [None, sum(r["thinking_right"] for r in rows), sum(r["thinking_cost"] for r in rows)]
    dearer = [None, always[1], always[2] + sum(r["cheap_cost"] for r in rows)]

    def bill(r, keep):
        return r["cheap_cost"] + (0 if keep else r["thinking_cost"])

    def outcomes(stands=lambda r, at: r["sure"] >= at, pays=bill):
        """[threshold, right, paid] for each, the highest first; stands(row, threshold): keep the cheap answer."""
        found = []
        for at in sorted({r["sure"] for r in rows}, reverse=True):
            kept = [(r, stands(r, at)) for r in rows]
            right = sum(r["cheap_right"] if keep else r["thinking_right"] for r, keep in kept)
            found.append([at, right, sum(pays(r, keep) for r, keep in kept)])
        return found

    def fits(each, may_lose=may_lose):
        return each[1] >= always[1] - may_lose

    def best(tried, fits=fits, first=always):
        return min([first, *filter(fits, tried)], key=lambda each: each[2])

    tried = outcomes()
    right = best(tried)
    lost = {at: sum(r["thinking_right"] > r["cheap_right"] for r in rows if r["sure"] >= at) for at, _, _ in tried}
    failing = next((i for i, each in enumerate(tried) if not fits(each)), len(tried))
    mistakes = {
        "free cheap": [best(outcomes(pays=lambda r, keep: r["cheap_cost"] if keep else r["thinking_cost"]))],
        "all cheap": [best(outcomes(pays=lambda r, keep: bill(r, False)))],
        "strict": [best(outcomes(lambda r, at: r["sure"] > at))],
        "never none": [best(tried, first=dearer)],
        "none lost": [best(tried, lambda each: fits(each, 0))],
        "one fewer": [best(tried, lambda each: fits(each, may_lose - 1))],
        "slack added": [best(tried, lambda each: fits(each, -may_lose))],
        "which": [best(tried, lambda each: lost[each[0]] <= may_lose)],
        "stopped": [best(tried[:failing])],
        "best": [max([always, *tried], key=lambda each: (each[1], -each[2]))],
        "inverted": [best(outcomes(lambda r, at: r["sure"] < at)), best(outcomes(lambda r, at: r["sure"] <= at))],
        "averages": [[right[0], right[1] / a, right[2] / len(rows)] for a in (1, len(rows))],
    }
    return (rows, may_lose), right, mistakes


# ---- 4. a call, checked and run ------------------------------------------------------------------------------------

NUMBERS = {"a": "number", "b": "number"}
OFFERED = {"multiply": NUMBERS, "divide": NUMBERS, "ticket": {"place": "text"}}


@question("tool_choice.q4", answer="run_call", kind="function")
def q4(run_call, rng):
    a, b = rng.randint(2, 99), round(rng.uniform(-9, 9), 2) or 1.5

    def call(name="multiply", **arguments):
        return json.dumps({"name": name, "arguments": arguments}, ensure_ascii=False)

    numbers = call(a=a, b=b)
    museum, theatre = t("灯塔博物馆", "Lighthouse Museum"), t('"月亮"剧场', 'The "Moon" Theatre')
    python, code = numbers.replace('"', "'"), "__import__('os').getcwd"
    groups = {
        "good": {
            numbers: a * b,
            f" {call(b=b, a=a)}\n": a * b,
            call("multiply", a=0, b=b): 0,
            call("divide", a=a, b=4): a / 4,
            json.dumps({"arguments": {"a": a, "b": b}, "name": "multiply"}): a * b,
            call("ticket", place=museum): 67,
            call("ticket", place=theatre): 0,
        },
        "not JSON": [numbers[:-1], numbers * 2, python, numbers.replace(str(a), f"{a}+1", 1), f"multiply({a})", ""],
        "not a call": ["null", str(a), f"[{numbers}]", '"multiply"', "{}", '{"name": "multiply"}']
        + [numbers[:-1] + ', "id": 1}', numbers.replace("arguments", "args")]
        + ['{"arguments": {"a": 1, "b": 2}, "tool": "multiply"}']
        + [json.dumps({"name": name, "arguments": {"a": a, "b": b}}) for name in (None, 7, ["multiply"])]
        + [json.dumps({"name": "multiply", "arguments": some}) for some in (None, "a, b", [a, b], ["a", "b"])],
        "no such tool": [call(name, a=a, b=b) for name in ("add", "Multiply", "multiply ", code, "")],
        "not offered": [call("delete_notes"), call("divide", a=a, b=0)],
        "missing argument": [call(a=a), call(b=b), call(), call(a=a, c=b), call("ticket", a="1"), call("ticket")]
        + [call(**one) for one in ({"a": str(a)}, {"b": True})],
        "extra argument": [call(a=a, b=b, c=1), call(a=str(a), b=b, c=1), call("ticket", place=museum, day=1)],
        "bool": [call(a=True, b=b), call(a=a, b=False)],
        "wrong type": [
            call(a=a, b=str(b)),
            call(a=[a], b=2),
            call(a={}, b=2),
            call("ticket", place=True),
            call("ticket", place={}),
            call(a=a, b=None),
            call("divide", a=str(a), b=0),
        ]
        + [call("ticket", place=place) for place in (a, [museum], None)],
        "failed": [
            call("divide", a=a, b=0),
            call("divide", a=10**400, b=3),
            call("ticket", place="multiply"),
            call("ticket", place=f"{museum} "),
        ],
    }
    less = {name: OFFERED[name] for name in ("ticket", "multiply")}
    cases = []
    for kind, group in groups.items():
        error = {"not offered": "no such tool", "bool": "wrong type"}.get(kind, kind)
        for written in group:
            right = {"result": group[written]} if kind == "good" else {"error": error}
            cases.append(((written, less if kind == "not offered" else OFFERED), right, kind))
    # other tools are offered, and with other arguments: only `offered` says which
    n, word = rng.randint(2, 4), rng.choice(["ab", "x"])
    mixed, wordy, alone = {"a": "text", "b": "number"}, {"a": "text", "b": "text"}, {"a": "number"}
    cases += [
        ((written, {name: wanted}), right, kind)
        for kind, written, name, wanted, right in (
            ("as offered", call("divide", b=4, a=a), "divide", NUMBERS, {"result": a / 4}),
            ("as offered", call(a=word, b=n), "multiply", mixed, {"result": word * n}),
            ("as offered", call("delete_notes"), "delete_notes", {}, {"result": "all notes deleted"}),
            ("as offered", numbers, "multiply", alone, {"error": "extra argument"}),
            ("as offered", numbers, "multiply", mixed, {"error": "wrong type"}),
            ("as offered", numbers, "multiply", {**NUMBERS, "c": "text"}, {"error": "missing argument"}),
            ("as offered", call("ticket", place=museum), "ticket", {"place": "number"}, {"error": "wrong type"}),
            ("failed", call(a=a), "multiply", alone, {"error": "failed"}),
            ("failed", call(a=word, b=word), "multiply", wordy, {"error": "failed"}),
        )
    ]
    answers = in_form(run_call, cases, _is_result_or_error, HINTS["call form"])
    for (given, right, kind), answer in zip(cases, answers, strict=True):
        if not close(answer, right):
            run_call(*given)
            expect(False, t(*HINTS[kind]))


def _is_result_or_error(answer, _):
    return type(answer) is dict and [*answer] in (["result"], ["error"])


# ---- 5. the loop ---------------------------------------------------------------------------------------------------


@question("tool_choice.q5", answer="converse", kind="function")
def q5(converse, rng):
    nothing = _told(["42"], [], 0, False, "42")
    _judge(converse, _talk_case, rng, _is_outcome, "talk form", "q5", [nothing])


def _is_outcome(answer):
    three = type(answer) is list and len(answer) == 3 and [*map(type, answer)] == [str, str, int]
    return three and answer[0] in ("answered", "unknown", "gave up")


def _talk_case(rng):
    """A script written together with what its calls give: (script, limit), outcome, mistakes."""
    script, given = [], []
    for _ in range(rng.randint(0, 5)):
        if script and rng.random() < 0.25:  # the same once more
            script.append(script[-1])
            given.append(given[-1])
            continue
        a, b = rng.randint(2, 99), rng.randint(2, 99)
        good = rng.random() < 0.5
        # a number that an earlier call gave is left to be filled in
        earlier = [i for i, value in enumerate(given, start=1) if value is not None]
        i = rng.choice(earlier) if earlier and rng.random() < 0.5 else 0
        left, value = (f"#{i}", given[i - 1]) if i else (a, a)
        change = -value if rng.random() < 0.2 else b  # a result of 0 is a result
        expression = f"{left}{change:+}" if good else f"{a}÷0"
        call = json.dumps({"name": "calculator", "arguments": {"expression": expression}}, ensure_ascii=False)
        if not good and rng.random() < 0.5:
            call = rng.choice([call[:-1], call[:-3], "{}", call.replace("calculator", "add")])
        script.append(call)
        given.append(value + change if good else None)
    endless, words = bool(script) and rng.random() < 0.3, rng.choice(["42", "“{”", "?", " {42}", ""])
    shown = [i for i, value in enumerate(given, start=1) if value is not None]
    if not endless:
        script.append(f"{words} #{shown[-1]}" if shown else words)
        words = f"{words} {given[shown[-1] - 1]}" if shown else words
    return _told(script, given, rng.choice([len(given), rng.randint(0, 7)]), endless, words)


def _told(script, given, limit, endless, words):
    """The case of a script whose calls give these numbers (None: an error), and then these words."""

    def end(limit):
        if endless or len(given) > limit:
            return ["gave up", "", limit]
        return ["unknown", "", len(given)] if given[-1:] == [None] else ["answered", words, len(given)]

    right, bad = end(limit), [i for i, value in enumerate(given) if value is None]
    how, _, n = right
    done = given[:n] + given[-1:] * (n - len(given)) if given else []
    first = bad[0] + 1 if bad and bad[0] < n else 0
    again = next((i for i in range(1, len(given)) if script[i] == script[i - 1]), len(given) if endless else 99)
    mistakes = {
        "one more": [end(limit + 1)],
        "last words": [["gave up", "", limit] if len(given) >= limit else right, end(limit - 1) if limit else right],
        "believed": [["answered", words, n] if how == "unknown" else right],
        "any error": [["unknown", "", n] if how == "answered" and bad else right],
        "at once": [
            [word, "", first + less] if first else right for word in ("unknown", "gave up") for less in (0, -1)
        ],
        "good only": [[*right[:2], sum(value is not None for value in done)]],
        "text kept": [[how, words, n] if how == "unknown" else right],
        "no limit": [["gave up", "", some] if endless else end(99) for some in (8, 10, 20, 50)],
        "zero": [["unknown", "", n] if how == "answered" and given[-1:] == [0] else right],
        "called it unknown": [["unknown", "", n] if how == "gave up" and done[-1:] == [None] else right],
        "repeated": [
            ["gave up", "", said] if again < n or (endless and again <= limit) else right for said in (again, limit)
        ],
    }
    return (script, limit), right, mistakes
