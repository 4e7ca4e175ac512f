"""Checks of the lab `reasoning`. Oracles: faults put in by hand, token by token replay, every pick of k samples."""

import re
from fractions import Fraction
from itertools import combinations
from math import comb

from aigc_course import stories
from aigc_course.checks import close, diagnose, expect, question
from aigc_course.i18n import t

OPEN, CLOSE = "<think>", "</think>"

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
HINTS = {
    "q1": (
        "不对。在纸上数一数：每个答案几票？得票率是最多的票数除以一共问了几次。",
        "Not right. Count on paper: how many votes for each answer? The share is the most votes over all attempts.",
    ),
    "none wins": ("None 不是答案，不能当选：先把它排除。", "None is no answer and cannot win: leave it out first."),
    "zero": (
        "0 也是答案：排除 None 要用 is not None，不要用 if answer。",
        "0 is an answer, too: leave None out by `is not None`, not by truth.",
    ),
    "tie": (
        "票数相同时，取在列表里先出现的那个答案。",
        "Among answers with equally many votes take the one that comes up first in the list.",
    ),
    "valid only": (
        "得票率的分母是一共问了几次，None 的那几次也算。",
        "The share is of all attempts, those with None included.",
    ),
    "swapped": ("次序反了：先答案，后得票率。", "The order is reversed: the answer first, then its share."),
    "rounded": ("不要四舍五入。", "Do not round."),
    "share": (
        "第二个数是得票率，在 0 和 1 之间：不是票数，也不是百分数。",
        "The second number is a share from 0 to 1: neither a number of votes nor per cent.",
    ),
    "q2": (
        "不是第一个有错的步骤。每一步查两件事：算得对不对，开头的数是不是上一步写下的结果。",
        "Not the first step with a fault. Check two things of each: its result, and that it begins with the result "
        "written before.",
    ),
    "not continued": (
        "算得对还不够：每一步开头的数必须是上一步写下的结果。",
        "A right result is not enough: each step must begin with the result that the step before wrote down.",
    ),
    "miscalculated": ("只查了接得对不对，没查算得对不对。", "You check how steps join, not what they calculate."),
    "last": ("要的是第一个有错的步骤，不是最后一个。", "Wanted is the first step with a fault, not the last."),
    "from one": ("序号从 0 数起。", "Count the steps from 0."),
    "floor": (
        "÷ 必须除得尽：7÷2=3 是错的。// 会把余数丢掉。",
        "A division must come out even: 7÷2=3 is wrong. // throws the remainder away.",
    ),
    "as text": (
        "要比较整个数：121 和 12、12 和 2 都不是一个数，虽然写出来一个含着另一个。",
        "Compare whole numbers: 121 and 12, or 12 and 2, are not the same, although the text of one holds the other's.",
    ),
    "zero before": (
        "上一步的结果可以是 0：问有没有上一步，要用 is not None。",
        "The result before may be 0: ask with `is not None` whether there is one.",
    ),
    "how many": ("要的是序号，不是有几个错误。", "Wanted is an index, not the number of faults."),
    "nothing wrong": (
        "全对时要返回 None：0 说的是第一步有错。",
        "Where nothing is wrong return None: 0 means the first step.",
    ),
    "q3": (
        "不对。先找出思考从哪里到哪里，再看它有几个 token。",
        "Not right. First find where the thinking begins and ends, then how many tokens it has.",
    ),
    "mark counted": (
        "少留了一个：<think> 不算在预算里。",
        "One too few is kept: <think> itself does not count.",
    ),
    "old answer": (
        "掐断以后，旧的 </think> 和答案都不能留：模型要重新回答。",
        "After the cut nothing of the old answer may stay: the model answers anew.",
    ),
    "left open": ("掐断以后要写上 </think>。", "Write </think> after the thinking that is cut off."),
    "exactly": (
        "思考正好是 budget 个 token 时没有超，原样返回。</think> 不算思考。",
        "Thinking of exactly `budget` tokens is within it: return the reply as it is. </think> does not count.",
    ),
    "one more": ("多留了一个 token。", "One token too many is kept."),
    "all counted": (
        "预算只管思考，不管整个回复：没有思考的回复、思考后面的答案都不算。",
        "The budget is for thinking, not for the whole reply: replies without thinking and the answer do not count.",
    ),
    "uncut": ("没有用上预算：什么都没有掐断。", "The budget is not used: nothing is cut."),
    "unfinished": (
        "没有写完的思考（没有 </think>）也要按预算掐断。",
        "Thinking that never ended (no </think>) is cut by the budget too.",
    ),
    "q4": (
        "不对。一题一题来：1 减去“抽到的 k 个全错”的概率，最后取平均。",
        "Not right. Question by question: 1 minus the chance that all k are wrong; then the average.",
    ),
    "put back": (
        "这是放回去再抽的算法。样本是不放回地抽的，请用 math.comb。",
        "That is for samples put back each time. They are picked without putting any back: use math.comb.",
    ),
    "pooled": (
        "不要把各题的次数合在一起：先算每一题的，再取平均。",
        "Do not pool the questions' counts: take each question by itself, then the average.",
    ),
    "single": ("k 没有用上：这是试一次就对的概率。", "k is not used: that is the chance of one try."),
    "all right": (
        "这是 k 个全对的概率。要的是至少一个对。",
        "That is the chance that all k are right; wanted: at least one.",
    ),
    "all wrong": ("这是全错的概率。用 1 减去它。", "That is the chance that all are wrong. Take it from 1."),
    "sum": ("要的是各题的平均，不是总和。", "Wanted is the average over the questions, not the sum."),
    "exactly one": ("要的是至少一个对，不是正好一个对。", "Wanted: at least one right, not exactly one."),
    "q5": (
        "不对。拿两三个回复在纸上算：一共写了几个 token？答对几题？",
        "Not right. Take two or three replies on paper: how many tokens in all, how many answers right?",
    ),
    "per story": (
        "这是每题的 token 数。要除以答对的题数，不是题数。",
        "Those are tokens for a story. Divide by the number of right answers, not of stories.",
    ),
    "right only": (
        "没答对的题（答错的，没写出答案的）也写了 token，也要算在内。",
        "Replies that were wrong or gave no answer were written too: count their tokens as well.",
    ),
    "upside down": ("上下颠倒了：token 数除以答对的题数。", "Upside down: tokens divided by right answers."),
    "total": ("这是总数。还要除以答对的题数。", "That is the total. Divide by the number of right answers."),
    "anywhere": ("要和同一题的正确答案比。", "Compare each answer with the right answer to the same story."),
    "answered": (
        "要除以答对的题数，不是写出了答案的题数。",
        "Divide by the number of right answers, not of answers given.",
    ),
}


@question("reasoning.q1", answer="vote", kind="function")
def q1(vote, rng):
    answer = vote([12, None, 9, 9])
    expect(
        type(answer) is list and len(answer) == 2,
        t("要返回 [答案, 得票率] 这样的列表。", "Return a list, [answer, share]."),
    )
    lists = [rng.choices([0, 3, 7, 12, 97, None], k=rng.randint(1, 9)) for _ in range(60)]
    lists += [[0, None, 0, 3], [None, None, 3]]
    # the tolerance: NumPy's short floats have seven digits
    diagnose(vote, [_vote_case(each) for each in lists if set(each) != {None}], HINTS, "q1", tolerance=1e-6)
    for nothing in ([None] * 2, [None] * rng.randint(1, 5), []):
        expect(
            close(vote(nothing), [None, 0]),
            t("一个答案也没有时，返回 [None, 0.0]。", "Where there is no answer at all, return [None, 0.0]."),
        )


def _vote_case(answers):
    n, given = len(answers), [answer for answer in answers if answer is not None]
    most = max(map(given.count, given))
    equals = [answer for answer in given if given.count(answer) == most]
    winner = equals[0]
    with_none = max(dict.fromkeys(answers), key=answers.count)
    truthy = [answer for answer in given if answer]
    no_zero = max(truthy, key=truthy.count, default=None)
    mistakes = {
        "tie": [[each, most / n] for each in equals],
        "none wins": [[with_none, answers.count(with_none) / n]],
        "zero": [[no_zero, truthy.count(no_zero) / n]],
        "valid only": [[winner, most / len(given)]],
        "share": [[winner, most], [winner, 100 * most / n]],
        "swapped": [[most / n, winner]],
        "rounded": [[winner, round(most / n, digits)] for digits in (1, 2, 3)],
    }
    return (answers,), [winner, most / n], mistakes


@question("reasoning.q2", answer="first_fault", kind="function", none_ok=True)
def q2(first_fault, rng):
    answer = first_fault("7+5=13")
    expect(
        answer is None or type(answer) is int,
        t("要返回序号（整数）或 None。", "Return an index (a whole number) or None."),
    )
    # a result of 0, from which the next step goes on, or does not
    zeros = [_steps_case(["5-5=0", "0+4=4"], ["", ""]), _steps_case(["5-5=0", "3+1=4"], ["", "start"])]
    zeros += [_steps_case(["5-5=0", "0×3=0", "0÷3=0", "0+4=4"], [""] * 4)]
    # no result is negative, and none is rounded
    below = [_steps_case(["3-10=7"], ["result"]), _steps_case(["5+4=9", "9-15=6"], ["", "result"])]
    below += [_steps_case([step], ["result"]) for step in ("6-15=0", "7÷2=4", "5÷3=2")]
    # as text they hold the 12 that they should begin with, or are held in it, or stand elsewhere in the step before
    likes = [_steps_case(["7+5=12", f"{n}+3={n + 3}"], ["", "start"]) for n in (1, 2, 5, 7, 11, 13, 112, 120, 121)]
    diagnose(first_fault, [*(_fault_case(rng) for _ in range(100)), *zeros, *below, *likes], HINTS, "q2")
    expect(first_fault("") is None, t("没有步骤，也就没有错误：返回 None。", "No steps, no fault: return None."))


def _fault_case(rng):
    """Steps in which the faults are known, because they were put there."""
    kinds = rng.choices(["", "start", "result", "floor"], [6, 1, 1, 1], k=rng.randint(1, 7))
    before, steps = rng.randint(2, 60), []
    for i, kind in enumerate(kinds):
        if (kind == "start" and i == 0) or (kind == "floor" and before < 3):
            kinds[i] = kind = ""
        wrong = [before + 1, before - 1, before + 10, before + 100, 10 * before + 1, before // 10]
        left = rng.choice([n for n in wrong if n not in (before, -1)]) if kind == "start" else before
        op = rng.choice("+÷" + "-" * (left > 1) + "×" * (left < 100))
        right = {
            "+": rng.randint(1, 40),
            "-": rng.randint(1, max(1, left - 1)),
            "×": rng.randint(2, 9),
            "÷": rng.choice([n for n in range(1, 10) if left % n == 0]),
        }[op]
        if kind == "floor":
            op, right = "÷", rng.choice([n for n in range(2, 12) if left % n and n < left])
        result = stories.apply(op, left, right)
        if kind == "result":
            result += rng.choice([more for more in (1, 10, -1, -10) if result + more >= 0])
        steps.append(f"{left}{op}{right}={result}")
        before = result
    return _steps_case(steps, kinds)


# how whoever compares texts tells that a step goes on: by what it begins with, the step before, and that step's result
AS_TEXT = (
    lambda left, step, result: left.startswith(result),
    lambda left, step, result: result.startswith(left),
    lambda left, step, result: left.endswith(result),
    lambda left, step, result: result.endswith(left),
    lambda left, step, result: result in left,
    lambda left, step, result: left in result,
    lambda left, step, result: left in step,
)


def _steps_case(steps, kinds):
    """The case of steps with the fault of this kind ("" for none) in each."""

    def first(*wanted):
        return next((i for i, kind in enumerate(kinds) if kind in wanted), None)

    def unlike(joins):
        """The first fault to whoever takes a step for continued where joins(…) holds."""

        def told(i):
            before = steps[i - 1]
            return kinds[i] != "start" or not joins(re.match("[0-9]+", steps[i])[0], before, before.partition("=")[2])

        return next(filter(told, bad), None)

    bad = [i for i, kind in enumerate(kinds) if kind]
    right = first("start", "result", "floor")
    mistakes = {
        "not continued": [first("result", "floor")],
        "miscalculated": [first("start")],
        "as text": [unlike(joins) for joins in AS_TEXT],
        "zero before": [None, 1] if steps[0].endswith("=0") else [right],
        "floor": [first("start", "result")],
        "from one": [None if right is None else right + 1],
        "last": [bad[-1] if bad else None],
        "how many": [len(bad), len(bad) or None],
        "nothing wrong": [-1, 0, len(steps)] if right is None else [right],
    }
    return ("，".join(steps),), right, mistakes


@question("reasoning.q3", answer="cut", kind="function")
def q3(cut, rng):
    answer = cut([OPEN, "7", "+", "5", "=", "1", "2", CLOSE, "1", "2"], 2)
    expect(
        type(answer) is list and all(type(token) is str for token in answer),
        t("要返回字符串的列表，一个 token 一个字符串。", "Return a list of strings, one for each token."),
    )
    unfinished = [_case_of_cut([OPEN, *"7+5=12"], 6, budget, ["12"]) for budget in (4, 5, 6)]
    spaced = [_case_of_cut([OPEN, *"7 + 5", CLOSE, "12"], 5, budget, ["12"]) for budget in (2, 3, 4)]
    diagnose(cut, [*(_cut_case(rng) for _ in range(80)), *unfinished, *spaced], HINTS, "q3")
    expect(cut([], 3) == [], t("空的回复原样返回。", "An empty reply is returned as it is."))
    for tokens in ([OPEN], [OPEN, CLOSE, "9"], ["9", OPEN, "7", "+", "2", "=", "9", CLOSE, "9"]):
        for budget in range(3):
            expect(
                cut(tokens, budget) == tokens,
                t(
                    "空的思考没有超过任何预算；不以 <think> 开头的回复没有思考。这两种都原样返回。",
                    "Empty thinking is within any budget, and a reply that does not begin with <think> has none: "
                    "return both as they are.",
                ),
            )


def _cut_case(rng):
    story = stories.sample(rng, rng.randint(1, 4))
    text, thinking, answer = "，".join(stories.lines(story.start, story.ops)), [], [*str(story.answer)]
    while text:  # tokens of some characters each, and one that is a space
        size = rng.choice([1, 1, 2, 3])
        thinking, text = [*thinking, text[:size]], text[size:]
    if rng.random() < 0.3:
        thinking.insert(rng.randint(0, len(thinking)), " ")
    tokens = rng.choice(
        [[OPEN, *thinking, CLOSE, *answer], [OPEN, *thinking, CLOSE, *answer], [OPEN, *thinking], thinking, answer]
    )
    n = len(thinking)
    return _case_of_cut(tokens, n, rng.choice([0, n - 1, n, n, n + 1, rng.randrange(n), rng.randrange(n)]), answer)


def _case_of_cut(tokens, n, budget, answer):
    """The case of a reply that thinks for n tokens and answers so."""
    begun, right = tokens[0] == OPEN, _replay(tokens, budget)
    over = right != tokens
    mistakes = {
        "mark counted": [[*tokens[:budget], CLOSE] if begun and n + 1 > budget else tokens],
        "old answer": [[*right, *answer] if over and CLOSE in tokens else right],
        "left open": [right[:-1] if over else tokens],
        "exactly": [[*tokens[: budget + 1], CLOSE] if begun and n == budget else right],
        "one more": [[*tokens[: budget + 2], CLOSE] if over else tokens, _replay(tokens, budget + 1)],
        "unfinished": [right if CLOSE in tokens else tokens],
        "all counted": [
            each if len(tokens) > budget else tokens
            for each in (
                tokens[:budget],
                tokens[: budget + 1],
                [*tokens[:budget], CLOSE],
                [*tokens[: budget + 1], CLOSE],
            )
        ]
        + [right if begun or len(tokens) - 1 <= budget else [*tokens[: budget + 1], CLOSE]],
        "uncut": [tokens],
    }
    return (tokens, budget), right, mistakes


def _replay(tokens, budget):
    """What stands there if the reply is written once more, token by token, under the budget."""
    written = []
    for token in tokens:
        thinking = written[:1] == [OPEN] and CLOSE not in written
        if thinking and token != CLOSE and len(written) - 1 == budget:
            return [*written, CLOSE]
        written.append(token)
    return written


@question("reasoning.q4", answer="pass_at_k", kind="function")
def q4(pass_at_k, rng):
    expect(
        type(pass_at_k([1], 4, 2)) in (int, float),
        t("要返回一个数：各题的平均。", "Return one number, the average over the questions."),
    )
    # the tolerance: torch's numbers have seven digits
    diagnose(pass_at_k, [_pass_case(rng) for _ in range(40)], HINTS, "q4", tolerance=1e-6)
    # 200 samples are usual; there are too many ways to pick from them to look at each
    right, k = [rng.randint(0, 30) for _ in range(4)], rng.randint(2, 100)
    truth = sum(1 - Fraction(comb(200 - c, k), comb(200, k)) for c in right) / 4
    expect(close(pass_at_k(right, 200, k), float(truth)), t(*HINTS["q4"]))


def _pass_case(rng):
    n = rng.randint(2, 8)
    k, right = rng.randint(1, n), [rng.randint(0, n) for _ in range(rng.randint(1, 5))]
    if rng.random() < 0.5:
        k, right = min(2, n), [rng.randint(1, n - 1) for _ in right]

    def mean(chance):
        return float(sum(map(chance, right)) / len(right))

    def picks(c, hits):
        """The share of the picks of k from n samples, c of them right, whose number of right ones `hits` accepts."""
        every = list(combinations([1] * c + [0] * (n - c), k))
        return Fraction(sum(hits(sum(pick)) for pick in every), len(every))

    truth = mean(lambda c: picks(c, lambda got: got >= 1))
    together = Fraction(comb(n * len(right) - sum(right), k), comb(n * len(right), k))
    mistakes = {
        "put back": [mean(lambda c: 1 - (1 - Fraction(c, n)) ** k)],
        "pooled": [
            float(1 - together),
            float(1 - (1 - Fraction(sum(right), n * len(right))) ** k),
            float(picks(round(sum(right) / len(right)), lambda got: got >= 1)),
        ],
        "single": [mean(lambda c: Fraction(c, n))],
        "all right": [mean(lambda c: picks(c, lambda got: got == k))],
        "all wrong": [mean(lambda c: picks(c, lambda got: got == 0))],
        "sum": [truth * len(right)],
        "exactly one": [mean(lambda c: picks(c, lambda got: got == 1))],
        "rounded": [round(truth, digits) for digits in range(1, 5)],
    }
    return (right, n, k), truth, mistakes


@question("reasoning.q5", answer="price", kind="function")
def q5(price, rng):
    expect(
        type(price([2, 4, 3], [7, None, 5], [7, 5, 5])) in (int, float),
        t("要返回一个数：每个正确答案的 token 数。", "Return one number, the tokens for a right answer."),
    )
    diagnose(price, [_price_case(rng) for _ in range(40)], HINTS, "q5", tolerance=1e-6)


def _price_case(rng):
    truth = [rng.randint(1, 9) for _ in range(rng.randint(2, 8))]
    tokens = [rng.randint(2, 60) for _ in truth]
    # a wrong answer may be right for another story
    answers = [rng.choice([right, right, None, rng.choice(truth), rng.randint(10, 99)]) for right in truth]
    sure = rng.randrange(len(truth))
    answers[sure] = truth[sure]
    hits = [tokens[i] for i, right in enumerate(truth) if answers[i] == right]
    total, right = sum(tokens), len(hits)
    mistakes = {
        "per story": [total / len(truth)],
        "right only": [
            sum(hits) / right,
            sum(n for n, answer in zip(tokens, answers, strict=True) if answer is not None) / right,
        ],
        "upside down": [right / total],
        "total": [total],
        "anywhere": [total / sum(answer in truth for answer in answers)],
        "answered": [total / (len(answers) - answers.count(None))],
        "rounded": [total // right, *(round(total / right, digits) for digits in range(4))],
    }
    return (tokens, answers, truth), total / right, mistakes
