"""Checks of the lab `rl`. Oracles: torch, replies whose pay is known because they were built so, every outcome of a
group counted."""

import math
import re
from itertools import product

from aigc_course import stories
from aigc_course.checks import diagnose, expect, question
from aigc_course.i18n import t

EPS = 1e-4

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
HINTS = {
    "q1": (
        "不对。拿一组奖励在纸上算一遍：先求平均，再求标准差，最后每个奖励各算一次。",
        "Not right. Work through one group on paper: its mean, its standard deviation, then each reward in turn.",
    ),
    "population": (
        "标准差差了一点：方差要除以 n−1，不是 n。",
        "The standard deviation is a little off: the variance is divided by n − 1, not by n.",
    ),
    "no eps": ("分母漏了 0.0001。", "The 0.0001 in the denominator is missing."),
    "eps inside": (
        "0.0001 要加在标准差上，不是加在方差上、再开平方。",
        "Add 0.0001 to the standard deviation, not to the variance under the root.",
    ),
    "mean only": (
        "减了平均，还没有用标准差去除。",
        "The mean is subtracted, but nothing is divided by the standard deviation.",
    ),
    "variance": ("除的是方差，要除的是标准差。", "That divides by the variance; divide by its square root."),
    "pooled": (
        "把几组合在一起算了。每一组只和自己比：平均和标准差都各算各的。",
        "The groups were thrown together. Each is compared with itself only: a mean and a deviation of its own.",
    ),
    "sign": ("符号反了：比同组好的，优势为正。", "The sign is reversed: better than the group is positive."),
    "rounded": ("不要四舍五入。", "Do not round."),
    "q2": (
        "不对。一个 token 一个 token 来：比率是多少？截断以后是多少？两项各乘优势，再怎么取？",
        "Not right. Token by token: what is the ratio, what is it clipped, and which of the two products counts?",
    ),
    "no clip": ("没有截断：clip 没有用上。", "Nothing is clipped: clip is not used."),
    "always clipped": (
        "一律用了截断的那一项。走错了方向的 token 就没有人推它回来了。",
        "The clipped term is always taken. Then nothing pushes back a token that went the wrong way.",
    ),
    "max": (
        "两项里取的是大的。走得太远的反而得到更多。",
        "The larger of the two is taken, so going too far earns more, not less.",
    ),
    "ratios first": (
        "优势为正时对，为负时不对。先各乘优势，再比较；先比较比率、后乘优势，负数会把大小颠倒过来。",
        "Right where the advantage is positive, wrong where it is negative. Multiply first, then compare: times a "
        "negative number, larger becomes smaller.",
    ),
    "inside": (
        "比率没有超出范围时，挣到的是比率乘优势，不是优势本身。",
        "While the ratio is within the bounds, a token earns ratio times advantage, not the advantage itself.",
    ),
    "upper only": (
        "只截了上面。优势为负时，走过头的是比率太小的那一边。",
        "Only the upper side is clipped. With a negative advantage going too far means a ratio too small.",
    ),
    "inverted": (
        "比率颠倒了：是现在的概率除以采样时的概率。",
        "The ratio is upside down: the probability now, divided by that at the draw.",
    ),
    "no exp": (
        "对数概率相减，得到的是比率的对数。",
        "The difference of log-probabilities is the logarithm of the ratio, not the ratio.",
    ),
    "negated": (
        "要的是挣到多少，不是损失：不要加负号。",
        "What a token earns is asked for, not a loss: no minus sign.",
    ),
    "averaged": ("每个 token 要一个数，不要求和或平均。", "One number for each token: do not add up or average."),
    "unpaid": (
        "这个回复老老实实地算了，答案也对，应该给 1.0。是不是规则写得比题目还严？",
        "This reply worked honestly and its answer is right: it earns 1.0. Is your rule stricter than the task's?",
    ),
    "wrong answer": ("答案是错的，不能给分。", "The answer is wrong and earns nothing."),
    "thinking only": (
        "这个回复只在思考里写了结果，后面没有答案，不能给分。",
        "This reply has its result in the thinking only and no answer after it: it earns nothing.",
    ),
    "several": (
        "这个回复写了不止一个答案，总有一个碰对，不能给分。",
        "This reply gives more than one answer, hoping that one is right: it earns nothing.",
    ),
    "dressed": (
        "答案必须只有数字，开头没有多余的 0，也没有空格、换行、别的文字或全角数字。",
        "The answer must be digits only, with no leading 0 and no space, line break, word or full-width digit.",
    ),
    "no thinking": (
        "这个回复没有思考，是猜的，不能给分。",
        "There is no thinking in this reply: it is a guess and earns nothing.",
    ),
    "no sum": (
        "思考里不全是算式（比如照抄了题目），不能给分。"
        "每一步都要是“数 运算 数=数”的样子，运算只有 + - × ÷，数只用 0 到 9。",
        "The thinking is not all sums (it may copy the story, say): it earns nothing. Each step must look like "
        "number, operation, number, =, number; operations are + - × ÷, digits 0 to 9.",
    ),
    "joined": (
        "这个回复不能给分：思考里，两步之间是一个全角逗号，此外不能有空格、换行或别的东西。",
        "This reply earns nothing: one Chinese comma separates two steps of the thinking, without a space, a line "
        "break or anything else.",
    ),
    "marks": (
        "<think> 和 </think> 要一个不少，一字不差，这个回复不能给分。",
        "Both <think> and </think> must be there, letter by letter: this reply earns nothing.",
    ),
    "two blocks": (
        "<think> 和 </think> 只能各有一个，这个回复不能给分。",
        "Only one <think> and one </think> are allowed: this reply earns nothing.",
    ),
    "before": ("回复不是从 <think> 开始的，不能给分。", "This reply does not begin with <think>: it earns nothing."),
    "elsewhere": (
        "思考的最后一步算出的不是后面写的答案：这个答案不是想出来的，不能给分。",
        "The last step does not end on the answer that follows, so the answer did not come from it: it earns nothing.",
    ),
    "q4": (
        "不对。对每个抽到的 token 先算 x，再算两种估计，最后各取平均。",
        "Not right. For each token drawn: first x, then the two estimates; in the end the mean of each.",
    ),
    "swapped models": (
        "p 和 q 弄反了：x 是参考模型的对数概率减去现在的模型的。",
        "p and q are swapped: x is the reference's log-probability minus the model's.",
    ),
    "reversed x": (
        "k1 对了，k3 里的 x 符号反了：x=ln q−ln p。",
        "k1 is right; in k3 the sign of x is reversed: x = ln q − ln p.",
    ),
    "summed": ("要的是平均，不是总和。", "Wanted is the mean, not the sum."),
    "no one": ("x = 0 时 k3 应该是 0：漏了一项。", "Where x = 0, k3 should be 0: a term is missing."),
    "absolute": (
        "k1 可以是负的，不要取绝对值，也不要把负的改成 0。",
        "k1 may be negative: do not take its absolute value, nor replace what is negative by 0.",
    ),
    "exact": (
        "这是对整个词表按 p 加权的结果。要的是只用抽到的 token 来估计：每抽到一次算一次。",
        "That weighs the whole vocabulary by p. Use the tokens drawn only, each as often as it was drawn.",
    ),
    "once": ("一个 token 抽到几次就算几次。", "A token that was drawn several times counts as often."),
    "base": ("要用自然对数 math.log。", "Use the natural logarithm, math.log."),
    "swapped": ("两个数的次序反了。", "The two numbers are in the wrong order."),
    "q5": (
        "不对。第一个数：直接数。第二个数：p 是全部回答里对的比例；一组全对的概率是多少？全错呢？",
        "Not right. The first number: count. The second: p is the share of right answers among all; how likely is a "
        "group all right, and how likely all wrong?",
    ),
    "any right": (
        "全对的组也没有信号：同组之间没有差别。",
        "A group that is all right carries no signal either: there is no difference within it.",
    ),
    "any wrong": (
        "全错的组也没有信号：同组之间没有差别。",
        "A group that is all wrong carries no signal either: there is no difference within it.",
    ),
    "dead": ("这是没有信号的组的比例。", "That is the share of the groups without a signal."),
    "own p": (
        "第二个数只用一个 p：全部回答里对的比例。每组用自己的 p，就不是题目要的比较了。",
        "The second number takes a single p, the share of right answers among all; not one p for each group.",
    ),
    "groups as size": (
        "指数是一组里有几个回答，不是有几组。",
        "The exponent is the number of answers in a group, not the number of groups.",
    ),
    "percent": ("要的是 0 到 1 之间的比例。", "Wanted are shares from 0 to 1."),
    "count": ("第一个数是比例，不是组数。", "The first number is a share, not a number of groups."),
}


@question("rl.q1", answer="advantages", kind="function")
def q1(advantages, rng):
    answer = advantages([[1, 0, 0], [0, 1]])
    expect(
        type(answer) is list and all(type(row) is list for row in answer) and [len(row) for row in answer] == [3, 2],
        t(
            "返回的列表要和输入同样的形状：一组一个列表，组里一个奖励一个数。",
            "Return a list of the same shape: one list for each group, one number for each reward in it.",
        ),
    )
    cases = [_group_case(_reward_groups(rng)) for _ in range(30)]
    diagnose(advantages, cases, HINTS, "q1", 2e-6)  # torch's numbers have seven digits


def _reward_groups(rng):
    groups = []
    for _ in range(rng.randint(2, 4)):
        pays = rng.choice([[0, 1], [0.0, 0.5, 1.0], [-1, 0, 2]])
        groups.append([rng.choice(pays) for _ in range(rng.randint(2, 8))])
    groups.append([rng.choice(pays)] * rng.randint(2, 8))  # all alike
    rng.shuffle(groups)
    if all(len(set(group)) == 1 for group in groups):
        groups[0] = [0, 0, 1]
    return groups


def _group_case(groups):
    import torch

    rows = [torch.tensor(group, dtype=torch.float64) for group in groups]
    everyone = torch.cat(rows)

    def by(scale, rows=rows):
        return [((row - row.mean()) / scale(row)).nan_to_num(0.0).tolist() for row in rows]

    right = by(lambda row: row.std() + EPS)
    whole = (everyone.mean(), everyone.std() + EPS)
    mistakes = {
        "population": [by(lambda row: row.std(correction=0) + EPS), by(lambda row: row.std(correction=0))],
        "no eps": [by(lambda row: row.std())],
        "eps inside": [by(lambda row: (row.var() + EPS).sqrt())],
        "mean only": [by(lambda row: 1.0)],
        "variance": [by(lambda row: row.var() + EPS)],
        "pooled": [
            by(lambda row: whole[1]),
            [((row - whole[0]) / whole[1]).tolist() for row in rows],
            [((row - whole[0]) / (row.std() + EPS)).tolist() for row in rows],
        ],
        "sign": [by(lambda row: -row.std() - EPS)],
        "rounded": [[[round(x, digits) for x in row] for row in right] for digits in range(1, 5)],
    }
    return (groups,), right, mistakes


@question("rl.q2", answer="earned", kind="function")
def q2(earned, rng):
    answer = earned([-1.0, -2.0], [-1.5, -2.0], 1.0, 0.2)
    expect(type(answer) is list and len(answer) == 2, t(*HINTS["averaged"]))
    diagnose(earned, [_clip_case(rng) for _ in range(40)], HINTS, "q2", 1e-5)


def _clip_case(rng):
    import torch

    n, clip = rng.randint(1, 6), rng.choice([0.1, 0.2, 0.3])
    A = rng.choice([-1, 1]) * rng.uniform(0.3, 2)
    old = [math.log(rng.uniform(0.02, 0.15)) for _ in range(n)]
    ratios = ((1, 1), (0.92, 1.08), (0.5, 0.69), (1.31, 1.9), (4, 6))  # unchanged, within, below, above, far above
    now = [x + math.log(rng.uniform(*rng.choice(ratios))) for x in old]
    r = (torch.tensor(now, dtype=torch.float64) - torch.tensor(old, dtype=torch.float64)).exp()
    held = r.clamp(1 - clip, 1 + clip)

    def lower(a, b):
        return torch.minimum(a, b).tolist()

    right = lower(r * A, held * A)
    mistakes = {
        "no clip": [(r * A).tolist()],
        "always clipped": [(held * A).tolist()],
        "ratios first": [(torch.minimum(r, held) * A).tolist()],
        "max": [torch.maximum(r * A, held * A).tolist()],
        "inside": [torch.where((r - 1).abs() < clip, A, torch.minimum(r * A, held * A)).tolist()],
        "upper only": [lower(r * A, r.clamp(max=1 + clip) * A)],
        "inverted": [lower(A / r, (1 / r).clamp(1 - clip, 1 + clip) * A)],
        "no exp": [lower(r.log() * A, r.log().clamp(1 - clip, 1 + clip) * A)],
        "negated": [[-x for x in right]],
    }
    return (now, old, A, clip), right, mistakes


@question("rl.q3", answer="reward", kind="function")
def q3(reward, rng):
    expect(
        type(reward("<think>2+3=5</think>5", 5)) in (int, float),
        t("要返回一个数：1.0 或 0.0。", "Return a number: 1.0 or 0.0."),
    )
    signs = rng.sample("?*/x:＋－−", 8)
    for i in range(16):
        story = stories.sample(rng, operations=1 + i % stories.LONGEST)
        for mistake, pay, reply in _replies(rng, story, signs[i % len(signs)]):
            expect(reward(reply, story.answer) == pay, t(*HINTS[mistake]))


def _replies(rng, story, sign):
    """(what goes wrong if the pay differs, pay, reply): honest ones, a wrong one, and the cheats; one of these writes
    `sign` for each operation."""
    steps, answer = "，".join(stories.lines(story.start, story.ops)), story.answer
    other = rng.choice([n for n in range(1, 100) if n != answer])
    thinking = f"<think>{steps}</think>"
    astray, far = (f"{steps}，{answer}+{n}={answer + n}" for n in (other, 100))  # far ends with the digits of answer
    full_width = {ord(c): ord(c) + 0xFEE0 for c in "0123456789"}
    wide = str(answer).translate(full_width)
    lines = [line.split("=") for line in steps.split("，")]
    strange = dict.fromkeys(map(ord, stories.KINDS), sign)
    down = "，".join(f"{n}-1={n - 1}" for n in range(answer + 11, answer, -1))
    for honest in (
        steps,
        down,  # more steps than any story has
        f"{answer}-{answer}=0，0+{answer}={answer}",
        f"{answer}+100={answer + 100}，{answer + 100}-100={answer}",
    ):
        yield "unpaid", 1, f"<think>{honest}</think>{answer}"
    yield "wrong answer", 0, f"{thinking}{other}"
    yield "wrong answer", 0, f"<think>{astray}</think>{answer + other}"
    for marks in ("{}</think>", "<THINK>{}</THINK>", "<think>{}", "<think>{}<think>"):
        yield "marks", 0, f"{marks.format(steps)}{answer}"
    for cheat in (thinking, f"<think>{steps}", steps, f"{thinking}{thinking}"):
        yield "thinking only", 0, cheat
    for between in ("，", " ", "、", "\n", "<think></think>", f"<think>{steps}</think>"):
        pair = rng.sample([answer, other], 2)
        yield "several", 0, f"{thinking}{pair[0]}{between}{pair[1]}"
    for dressed in (
        f"0{answer}",
        f"00{answer}",
        f"{answer}个",
        f"={answer}",
        f" {answer}",
        f"{answer}\n",
        f"+{answer}",
    ):
        yield "dressed", 0, f"{thinking}{dressed}"
    for dressed in (f"{answer}.0", f"{answer} ", wide, f"答案是{answer}", f"\n{answer}"):
        yield "dressed", 0, f"{thinking}{dressed}"
    for cheat in ("", "<think></think>", "<think> </think>", "<think>，</think>"):
        yield "no thinking", 0, f"{cheat}{answer}"
    for copied in (
        story.text,
        f"{story.text}{steps}",
        f"{steps}，{story.text}",
        str(answer),
        f"={answer}",
        # nothing is calculated; two operations in a step; two = in a step
        f"{answer}={answer}",
        f"+{answer}={answer}",
        f"{answer}=0+{answer}",
        f"{answer}=0+{answer}，{answer}+0={answer}",
        steps.replace("=", "＝", 1),
        f"{answer}+1-1={answer}",
        f"{answer}+1={answer + 1}-1={answer}",
        # a number is missing; two signs in a row; numbers that are not digits only
        f"{answer}+={answer}",
        f"{answer}+0=，{answer}+0={answer}",
        f"{answer}+-0={answer}",
        f"{answer}+0=={answer}",
        f"{answer}.0+0={answer}",
        f"0-1=-1，-1+{answer + 1}={answer}",
        *("，".join(f"{left.translate(odd)}={result}" for left, result in lines) for odd in (full_width, strange)),
    ):
        yield "no sum", 0, f"<think>{copied}</think>{answer}"
    first = steps.split("，")[0]
    for joined in (
        f"{steps}，",
        f"，{steps}",
        *(
            f"{first}{comma}{steps}"
            for comma in ("", ",", "，，", "， ", " ，", " ", "\n", "，\n", "\n，", "、", "；", "。", ";")
        ),
        f" {steps}",
        f"{steps} ",
        f"\n{steps}\n",
        steps.replace("=", " = "),
        re.sub("([-+×÷])", r" \1 ", steps),
    ):
        yield "joined", 0, f"<think>{joined}</think>{answer}"
    for twice in (f"{thinking}{thinking}{answer}", f"<think>{thinking}{answer}"):
        yield "two blocks", 0, twice
    for front in (story.text, " ", "\n"):
        yield "before", 0, f"{front}{thinking}{answer}"
    for elsewhere in (astray, far):
        yield "elsewhere", 0, f"<think>{elsewhere}</think>{answer}"


@question("rl.q4", answer="kl", kind="function")
def q4(kl, rng):
    answer = kl([0.5, 0.5], [0.25, 0.75], [0])
    expect(
        type(answer) is list and len(answer) == 2 and all(type(x) in (int, float) for x in answer),
        t("要返回两个数的列表：k1 的平均和 k3 的平均。", "Return a list of two numbers: the means of k1 and of k3."),
    )
    diagnose(kl, [_kl_case(rng) for _ in range(40)], HINTS, "q4", 1e-5)


def _kl_case(rng):
    import torch

    n = rng.randint(2, 6)
    p, q = ([rng.uniform(0.05, 1) for _ in range(n)] for _ in range(2))
    p, q = [x / sum(p) for x in p], [x / sum(q) for x in q]
    drawn = rng.choices(range(n), p, k=rng.randint(3, 9))
    drawn.append(drawn[0])  # one token at least comes twice
    P, Q = (torch.tensor(each, dtype=torch.float64) for each in (p, q))

    def means(P=P, Q=Q, at=drawn, minus=1.0, first=lambda log_ratio: log_ratio):
        k1 = (P / Q).log()[at]
        return [float(first(k1).mean()), float((Q[at] / P[at] + k1 - minus).mean())]

    right, truth = means(), float((P * (P / Q).log()).sum())
    bits = right[0] / math.log(2)
    mistakes = {
        "swapped models": [means(P=Q, Q=P)],
        "reversed x": [[right[0], means(P=Q, Q=P)[1]]],
        "summed": [[x * len(drawn) for x in right]],
        "no one": [means(minus=0.0)],
        "absolute": [means(first=torch.abs), [abs(right[0]), right[1]], means(first=lambda k1: k1.clamp(min=0))],
        "exact": [[truth, truth]],
        "once": [means(at=sorted(set(drawn)))],
        "base": [[bits, right[1]], [bits, right[1] - right[0] + bits], [x / math.log(2) for x in right]],
        "swapped": [right[::-1]],
        "rounded": [[round(x, digits) for x in right] for digits in range(1, 5)],
    }
    return (p, q, drawn), right, mistakes


@question("rl.q5", answer="signal", kind="function")
def q5(signal, rng):
    answer = signal([[1, 0], [0, 0]])
    expect(
        type(answer) is list and len(answer) == 2 and all(type(x) in (int, float) for x in answer),
        t("要返回两个数的列表：数出来的和算出来的。", "Return a list of two numbers: the counted and the expected."),
    )
    diagnose(signal, [_signal_case(rng) for _ in range(30)], HINTS, "q5", 1e-6)  # torch's numbers have seven digits


def _signal_case(rng):
    size = rng.randint(2, 6)
    table = [[1] * size, [0] * size, [1, *[0] * (size - 1)]]
    table += [[int(rng.random() < p) for _ in range(size)] for p in [rng.random()] * rng.randint(1, 8)]
    rng.shuffle(table)
    n = len(table)

    def mixed(p, size):
        """The chance of a group with both rewards: every outcome, each with its probability."""
        groups = product((0, 1), repeat=size)
        return sum(math.prod(p if x else 1 - p for x in group) for group in groups if len(set(group)) == 2)

    p = sum(map(sum, table)) / (n * size)
    counted, expected = sum(len(set(group)) == 2 for group in table) / n, mixed(p, size)
    some_right, some_wrong = (sum(x in group for group in table) / n for x in (1, 0))
    by_groups = 1 - p**n - (1 - p) ** n
    mistakes = {
        "any right": [[some_right, y] for y in (expected, 1 - (1 - p) ** size)] + [[counted, 1 - (1 - p) ** size]],
        "any wrong": [[some_wrong, y] for y in (expected, 1 - p**size)] + [[counted, 1 - p**size]],
        "dead": [[1 - counted, 1 - expected], [1 - counted, expected], [counted, 1 - expected]],
        "own p": [[counted, sum(mixed(sum(group) / size, size) for group in table) / n]],
        "groups as size": [[counted, by_groups]],
        "percent": [[100 * counted, 100 * expected]],
        "count": [[counted * n, y] for y in (expected, expected * n)],
        "swapped": [[expected, counted]],
        "rounded": [[round(counted, digits), round(expected, digits)] for digits in range(1, 5)],
    }
    return (table,), [counted, expected], mistakes
