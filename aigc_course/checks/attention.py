"""Checks of the lab `attention`. Oracles: torch's own scaled_dot_product_attention, complex numbers for RoPE, a full
pass over the whole text, and the effects of all heads on all texts at once."""

import math

import numpy as np

from aigc_course.checks import close, diagnose, expect, in_form, question
from aigc_course.i18n import t

NEAR = 1e-4  # float32 is precise enough
THETA = 10_000.0  # what RoPE turns by, where the caller does not say
FAULTS = ("right", "mask", "axis", "scale", "heads")
APART = 0.05  # outputs of two faults differ by this much at least, somewhere
WIDE = 6 * APART  # and by this much in half of the cases

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
HINTS = {
    "shape": (
        "返回的行数和每行的长度不对：一行查询得一行输出，和值的一行一样长。",
        "The output has the wrong shape: one row for each row of queries, as long as a row of values.",
    ),
    "rotated shape": (
        "返回的东西要和 x 形状一样：行数一样，每行一样长。",
        "Return the shape of x: as many rows, and rows as long.",
    ),
    "nan": (
        "结果里有 nan。是不是有的 token 什么都看不见？每个 token 至少看得见它自己。"
        "还有，0 乘负无穷也是 nan：不要用乘法来遮。",
        "There is a nan in the result. Is there a token that sees nothing? Each sees at least itself. And 0 times "
        "minus infinity is nan, too: do not hide by multiplying.",
    ),
    "overflow": (
        "分数离 0 很远的时候结果成了 nan 或无穷：e 的几百次方装不下。"
        "先遮，再把一行分数都减去其中最大的，然后取指数，结果不变。",
        "With scores far from 0 the result is nan or infinite: e to the power of hundreds does not fit. Hide first, "
        "then take a row's largest score away from the whole row; the softmax stays the same.",
    ),
    "rounded": ("不要四舍五入。", "Do not round."),
    "q1": (
        "不对。取两个 token 在纸上算：四个点积，除以 √d，遮住一个，每行做 softmax，再按权重平均值。",
        "Not right. Take two tokens and a sheet of paper: four dot products, divided by √d, one of them hidden, a "
        "softmax over each row, then the weighted mean of the values.",
    ),
    "no mask": (
        "没有遮住右边的 token：写到这里的时候，它们还不存在。",
        "Tokens to the right are not hidden. At this point they have not been written yet.",
    ),
    "top left": (
        "行数一样时对，q 的行数少时不对：q 是**最后**几个 token 的，第一行查询左边已经有别的 token。",
        "Right where q has as many rows as k, wrong where it has fewer: q belongs to the **last** tokens, so there "
        "are others to the left of its first row.",
    ),
    "ahead": ("遮得不够：每个 token 多看了右边的一个。", "The mask is off by one: each token sees one to its right."),
    "not itself": (
        "遮得太多：每个 token 也看得见它自己。",
        "The mask hides too much: each token sees itself, too.",
    ),
    "left hidden": (
        "方向反了：遮住的是左边，要遮的是右边。",
        "The wrong side: the left is hidden, and it is the right that should be.",
    ),
    "mask late": (
        "遮得太晚：softmax 之后再改成 0，剩下的权重加起来就不到 1 了。要在 softmax 之前把分数变成负无穷。",
        "The mask comes too late: with weights set to 0 after the softmax, the others no longer add up to 1. Set "
        "the scores to minus infinity, before it.",
    ),
    "mask zero": (
        "被遮住的分数改成了 0，可是 e 的 0 次方是 1，照样分到权重。要改成负无穷。",
        "Hidden scores are set to 0, but e to the power of 0 is 1, so they get some weight. Minus infinity it is.",
    ),
    "mask finite": (
        "被遮住的分数改成了一个负数，可是别的分数更低的时候，它照样分到权重。要改成负无穷。",
        "Hidden scores are set to a number below 0, but where the others are lower still they get some weight. Minus "
        "infinity it is.",
    ),
    "no scale": ("分数没有除以 √d。", "The scores are not divided by √d."),
    "scale": ("分数要除以 √d，不是 d，也不是乘。", "Scores are divided by √d: not by d, and not multiplied."),
    "width of v": (
        "d 是查询（和键）里有几个数，不是值里有几个数，也不是 token 的个数。",
        "d is how many numbers a query (or a key) has: not a value, and not how many tokens there are.",
    ),
    "axis": (
        "softmax 的方向错了：是一个查询的各个权重加起来等于 1，也就是每**行**做一次。",
        "The softmax runs the wrong way: the weights of one query add up to 1, so it is taken over each **row**.",
    ),
    "no softmax": ("分数要先过 softmax，才是权重。", "Scores become weights by a softmax, which is missing."),
    "q2": (
        "不对。取 d = 2，位置 1，在纸上转一转 [1, 0]，和题目里的例子比一比；再取 d = 4。",
        "Not right. With d = 2 and place 1, turn [1, 0] on paper and compare with the example; then with d = 4.",
    ),
    "length": (
        "转动不改变一行的长度（各数的平方和），可是你的结果变长或变短了。看看那四项的正负号和正弦余弦。",
        "Turning leaves the length of a row (the sum of its squares) as it is, but yours comes out longer or "
        "shorter. Look at the signs, sines and cosines of the four terms.",
    ),
    "neighbours": (
        "两两配对的办法不对：和第 i 个数配对的是第 i + d/2 个，不是它的邻居。",
        "The pairs are wrong: number i goes with number i + d/2, not with its neighbour.",
    ),
    "put back": (
        "转得对，放错了地方：转过以后，a' 还放在第 i 个，b' 还放在第 i + d/2 个。",
        "Turned rightly, put in the wrong place: a' goes back to place i, and b' to place i + d/2.",
    ),
    "backwards": ("转的方向反了：看看哪一项是负号。", "It turns the wrong way round: see which term has the minus."),
    "row number": (
        "用的是行号，不是 places 里的位置。",
        "The row's number is used instead of its place, which is in places.",
    ),
    "from one": ("位置照 places 里的用，不要再加 1。", "Take the places as they are: do not add 1."),
    "one speed": (
        "每一对转的快慢不一样：第 i 对要乘上 θ 的 −2i/d 次方。",
        "Each pair turns at its own speed: pair i has the factor θ to the power of −2i/d.",
    ),
    "speed": (
        "方向对，快慢不对。指数是 −2i/d，i 从 0 数起，d 是一整行有几个数。",
        "The right way round, at the wrong speed. The exponent is −2i/d, with i from 0 and d the numbers in a whole "
        "row.",
    ),
    "fixed theta": ("θ 没有用上：用传进来的 theta。", "θ is not used: take the theta that comes in."),
    "degrees": ("角度是弧度，不要换算成度。", "Angles are in radians: do not convert any degrees."),
    "overwritten": (
        "算第二个数的时候，用的是已经转过的第一个数。两个都要用原来的来算。",
        "The second number of a pair is worked out from the first one **after** turning. Both need the old ones.",
    ),
    "added": (
        "这是把位置加上去，是另一种办法。RoPE 是转：乘上余弦和正弦。",
        "That adds the place to the row, which is another method. RoPE turns: it multiplies by cosine and sine.",
    ),
    "read form": (
        "要返回两样东西的列表：输出（一个新 token 一行），和 {“k”: …, “v”: …}，里面旧的行在前，新的行在后。",
        "Return a list of two: the output, with a row for each new token, and {“k”: …, “v”: …}, which holds the old "
        "rows followed by the new ones.",
    ),
    "q3": (
        "不对。缓存里有一行，再读一个 token：新的查询转多少？它看得见哪两个键？新缓存的第二行是什么？",
        "Not right. With one row in the cache, read one token: by how much is its query turned, which two keys does "
        "it see, what is the second row of the new cache?",
    ),
    "of no text": (
        "缓存是从一段文本来的就对，换成别的数就不对：是不是自己另外记着读过的东西？只能用传进来的缓存。",
        "Right where the cache comes from a text, wrong where its numbers are others: do you keep what was read "
        "somewhere else? Use the cache that comes in and nothing more.",
    ),
    "ignores": (
        "缓存没有用上：新 token 也要看以前的键和值。",
        "The cache is not used: new tokens look at the earlier keys and values, too.",
    ),
    "not grown": (
        "输出对，缓存不对：旧的行后面要接上新的行。",
        "The output is right, the cache is not: after the old rows come the new ones.",
    ),
    "raw keys": (
        "缓存里要放转过的键：转过一次，以后就不用再转。",
        "The cache keeps keys that are turned already, so that nobody has to turn them again.",
    ),
    "turned again": (
        "缓存里的键已经转过了，又被转了一次。",
        "The keys in the cache are turned already; yours get turned once more.",
    ),
    "from zero": (
        "新 token 的位置不对：缓存里已经有几行，就从几数起。",
        "The new tokens stand at the wrong places: count on from the number of rows in the cache.",
    ),
    "query raw": (
        "查询和键都要转，只转一样，距离就不对了。",
        "Both queries and keys are turned. With only one of them, distances come out wrong.",
    ),
    "not turned": (
        "查询和键都没有转：先各转到自己的位置，再做注意力。",
        "Neither queries nor keys are turned: turn each to its place, then comes the attention.",
    ),
    "value turned": ("值不用转，只转查询和键。", "Values are not turned, only queries and keys."),
    "read ahead": (
        "一次读几个 token 时，它们之间也要遮：前一个看不见后一个。",
        "Where several tokens are read at once they need the mask among themselves, too: none sees the next.",
    ),
    "read top left": (
        "遮错了：新 token 左边有整个缓存，第一个新 token 看得见缓存里的全部。",
        "The mask is misplaced: the whole cache stands to the left of the new tokens, and the first of them sees all "
        "of it.",
    ),
    "in front": ("次序反了：新的行接在旧的行后面。", "The wrong order: new rows come after the old ones."),
    "k and v": ("新缓存里的键和值放反了。", "Keys and values have changed places in the new cache."),
    "fault form": (
        "要返回两样东西的列表：“right”“mask”“axis”“scale”“heads”里的一个，和改对以后的输出，样子和 output 一样。",
        "Return a list of two: one of “right”, “mask”, “axis”, “scale”, “heads”, and the mended output, in the shape "
        "of output.",
    ),
    "none fits": (
        "对这份 output，你的函数什么也没有返回：是不是五种里有一种写得不对，一种也对不上？"
        "是不是比得太严（相差不到 0.0001 不算毛病）？还是忘了 return？",
        "For this output your function returns nothing: is one of your five not written right, so that none fits? Do "
        "you compare too strictly (less than 0.0001 apart is no fault)? Or is a return missing?",
    ),
    "loose": (
        "比得太松了，两种毛病分不开：只要有一个数差出 0.05，就不是这一种。",
        "You compare too loosely to tell two faults apart: where a single number differs by 0.05, it is not this one.",
    ),
    "all right": (
        "有毛病的也都说成了 right。算出正确的输出，和 output 差得太多，就有毛病。",
        "Even faulty outputs are called right. Work out the correct output: far from it, there is a fault.",
    ),
    "never right": (
        "没有毛病的输出也被说成有毛病。是不是用 == 来比？小数点后面很远的地方总会有一点误差。",
        "An output without any fault is called faulty. Do you compare with ==? Far behind the decimal point numbers "
        "always differ a little.",
    ),
    "missed right": (
        "没有毛病的输出被说成了有毛病。先把正确的输出算对：每个头各有一段数，互不相干。",
        "An output without any fault is called faulty. Get the correct one right first: each head has its own slice of "
        "the numbers and minds nobody else's.",
    ),
    "missed mask": (
        "“mask”没有认出来：每个 token 多看右边的一个（最后一个右边没有了）。照着错一遍，看它给出什么。",
        "“mask” is not recognised: there each token sees one more to its right (the last one has none). Write the "
        "faulty version and see what it gives.",
    ),
    "missed axis": (
        "“axis”没有认出来：这样的代码遮得对，可是让一个**键**得到的权重加起来等于 1。照着错一遍，看它给出什么。",
        "“axis” is not recognised: there the mask is right, but the weights that one **key** gets add up to 1. Write "
        "the faulty version and see what it gives.",
    ),
    "missed scale": (
        "“scale”没有认出来：这样的代码除以 d，d 是一个头的查询里有几个数。照着错一遍，看它给出什么。",
        "“scale” is not recognised: there scores are divided by d, the numbers in one head's query. Write the faulty "
        "version and see what it gives.",
    ),
    "missed heads": (
        "“heads”没有认出来：这样的代码每个头都算对了，可是（头，token，数）没有换次序，就直接摊成 n 行。",
        "“heads” is not recognised: there each head is right, but numbers ordered by (head, token, number) are cut "
        "into n rows as they are.",
    ),
    "given back": (
        "毛病认对了，可是返回的还是那份有毛病的输出。要的是改对以后的。",
        "The fault is right, but the output is the faulty one that came in. Return what it should have been.",
    ),
    "mended": (
        "毛病认对了，改对以后的输出不对。",
        "The fault is right, the mended output is not.",
    ),
    "head form": (
        "要返回四个数的列表：头的编号（整数），平均，下限，上限。",
        "Return a list of four numbers: the number of the head (a whole one), the mean, the low and the high end.",
    ),
    "q5": (
        "不对。先只看一个头：first 里每段文本的作用是多少，平均是多少？挑好了头，再到 second 里量。",
        "Not right. Take a single head: what is its effect on each text of first, and the mean? Once a head is "
        "chosen, measure it on second.",
    ),
    "head": (
        "挑的头不对：在 first 上，作用的平均离 0 最远的是哪一个？",
        "That is not the head: on first, whose mean effect is furthest from 0?",
    ),
    "same texts": (
        "挑和量用了同样的文本。挑出来的总是运气好的，所以要在 second 上重新量。",
        "The head is measured on the texts that it was chosen on. The one chosen has had luck there, so measure on "
        "second.",
    ),
    "all texts": (
        "first 和 second 混在一起了：first 只用来挑，second 只用来量。",
        "first and second are mixed: the one is for choosing only, the other for measuring only.",
    ),
    "roles": ("first 和 second 弄反了：用 first 挑，用 second 量。", "Swapped: choose on first, measure on second."),
    "sign": (
        "符号反了：不关时的概率减去关掉时的。",
        "The sign is reversed: the probability with the head, minus the one without.",
    ),
    "one side": (
        "只挑了帮忙最多的头。添乱的头也算：平均离 0 最远的才是。",
        "Only helpful heads are considered. One that does harm counts as well: the mean furthest from 0.",
    ),
    "absolute": (
        "先取了绝对值再平均：一会儿帮忙、一会儿添乱的头，平均下来没有作用。先平均，再看离 0 多远。",
        "Absolute values are taken before the mean. A head that helps here and harms there has no effect on average: "
        "mean first, then see how far from 0.",
    ),
    "one text": (
        "看的是单独一段文本上的作用，要看平均。",
        "That goes by a single text. Go by the mean.",
    ),
    "no root": (
        "区间太宽：标准差要除以 √n，n 是 second 的文本数，才是平均的误差。",
        "The interval is too wide: the error of a mean is the standard deviation divided by √n, where n counts the "
        "texts of second.",
    ),
    "one error": ("区间太窄：要乘 1.96。", "The interval is too narrow: there is a factor of 1.96."),
    "population": ("方差要除以 n − 1。", "Divide the variance by n − 1."),
    "other n": ("n 是 second 的文本数。", "n is the number of texts in second."),
    "reversed": ("下限和上限的次序反了。", "The low and the high end are in the wrong order."),
    "numbered from one": ("头的编号从 0 数起。", "Heads are numbered from 0."),
    "log": (
        "要的是两个概率的差，不是对数的差，也不是比值。",
        "Wanted is the difference of two probabilities: not of their logarithms, and not a ratio.",
    ),
    "percent": ("要的是概率的差，不要乘 100。", "Wanted are differences of probabilities, not multiplied by 100."),
}


def _normal(rng, rows, columns, spread=1.0):
    return np.array([rng.gauss(0, spread) for _ in range(rows * columns)]).reshape(rows, columns)


def _shape(value):
    """Nested lists and dicts with None for each number; what is none of these stays as it is."""
    if type(value) is list:
        return [_shape(one) for one in value]
    if type(value) is dict:
        return {key: _shape(one) for key, one in value.items()}
    return None if type(value) in (int, float) else value


def _plain(value):
    """Arrays within lists and dicts as lists."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value


def _rounded(value, digits):
    if isinstance(value, dict):
        return {key: _rounded(one, digits) for key, one in value.items()}
    return [_rounded(one, digits) for one in value] if isinstance(value, list) else round(value, digits)


def _finite(value):
    values = value.values() if type(value) is dict else value
    return all(_finite(one) if type(one) in (list, dict) else math.isfinite(one) for one in values)


def _judge(function, cases, otherwise, form="shape", fits=None, large=()):
    """`diagnose` for cases (arguments, right answer, {mistake: answers}), after a look at form and nan.

    form: the hint for an answer of another form; fits(answer, right): whether it has it, by default the same shape.
    large: which cases have scores too far from 0 for a plain exp.
    """
    ready = [(given, _plain(right), _plain(mistakes)) for given, right, mistakes in cases]
    answers = function.each([(given, {}) for given, _, _ in ready[:6]])
    for (_, right, _), answer in zip(ready, answers, strict=False):
        expect(fits(answer, right) if fits else _shape(answer) == _shape(right), t(*HINTS[form]))
    odd = [number for number, answer in enumerate(answers) if not _finite(answer)]
    if odd:
        function(*ready[odd[-1]][0])  # the notebook shows the last call
        expect(False, t(*HINTS["overflow" if {*odd} <= {*large} else "nan"]))
    for _, right, mistakes in ready:
        mistakes["rounded"] = [_rounded(right, digits) for digits in range(4)]
    diagnose(function, ready, HINTS, otherwise, NEAR)


# ---- 1. masked attention -------------------------------------------------------------------------------------------


def _seen(n, m, shift=0):
    """(n, m), True where the last n of m tokens may look, `shift` places further than they may."""
    return np.arange(m) <= np.arange(n)[:, None] + m - n + shift


def _softmax(scores, axis=-1):
    odds = np.exp(scores - scores.max(axis, keepdims=True))
    return odds / odds.sum(axis, keepdims=True)


def _library(q, k, v, seen):
    """torch's own attention. Its is_causal is not used: it takes the queries for those of the first tokens."""
    import torch

    tensors = (torch.from_numpy(np.ascontiguousarray(x, dtype=float)) for x in (q, k, v))
    return torch.nn.functional.scaled_dot_product_attention(*tensors, attn_mask=torch.from_numpy(seen)).numpy()


@question("attention.q1", answer="attention", kind="function")
def q1(attention, rng):
    _judge(attention, [_attention_case(rng, number) for number in range(24)], "q1", large=(0, 3))


def _attention_case(rng, number):
    n, d, width = rng.randint(2, 5), rng.choice([3, 4, 6, 9]), rng.choice([1, 2, 5])
    m = n if number % 3 == 1 else n + rng.randint(1, 4)
    n = 1 if number % 6 == 2 else n
    q, k, v = _normal(rng, n, d, 1.5), _normal(rng, m, d, 1.5), _normal(rng, m, width, 2)
    if number % 4 == 1:  # scores that are exactly 0, and the same key twice
        k[0], k[-1] = 0, k[-2]
    if number in (0, 3):
        # scores whose exponentials no float can hold (0: far above 0, 3: far below), 1800 apart, and the hidden ones
        # the largest; whole numbers, so that float32 is exact
        d = 4
        q = np.full((n, d), 1000.0)
        k = np.repeat(1000.0 * (np.arange(m)[:, None] + (1 if number == 0 else -m)), d, axis=1)
    dots, seen = q @ k.T, _seen(n, m)
    scores, right = dots / math.sqrt(d), _library(q, k, v, seen)

    def by(seen=seen, scores=scores, axis=-1):
        return _softmax(np.where(seen, scores, -1e30), axis) @ v

    weights, low = _softmax(scores), (-10, -20, -50, -100, -500, -1000)
    mistakes = {
        "no mask": [by(seen=seen | True)],
        "top left": [by(seen=np.tri(n, m, dtype=bool))],
        "ahead": [by(seen=_seen(n, m, 1))],
        "not itself": [by(seen=_seen(n, m, -1)), np.nan_to_num(by(seen=_seen(n, m, -1)))],
        "left hidden": [by(seen=~_seen(n, m, -1))],
        "mask late": [np.where(seen, weights, 0) @ v],
        "mask zero": [_softmax(np.where(seen, scores, 0)) @ v],
        "mask finite": [
            *(_softmax(np.where(seen, scores, end)) @ v for end in low),
            *(_softmax(np.where(seen, scores, scores + end)) @ v for end in low),
        ],
        "no scale": [by(scores=dots)],
        "scale": [by(scores=dots / d), by(scores=dots * math.sqrt(d))],
        "width of v": [by(scores=dots / math.sqrt(other)) for other in (width, n, m)],
        "axis": [by(axis=0), np.where(seen, _softmax(scores, 0), 0) @ v],
        "no softmax": [np.where(seen, scores, 0) @ v],
    }
    return (q.tolist(), k.tolist(), v.tolist()), right, mistakes


# ---- 2. RoPE -------------------------------------------------------------------------------------------------------


def _turned(x, places, theta=THETA, angles=None):
    """Each row of x turned: a pair of numbers is one complex number, and turning it is one multiplication."""
    half = x.shape[1] // 2
    if angles is None:
        angles = np.outer(places, theta ** (-np.arange(half) / half))
    pairs = (x[:, :half] + 1j * x[:, half:]) * np.exp(1j * angles)
    return np.hstack([pairs.real, pairs.imag])


@question("attention.q2", answer="rope", kind="function")
def q2(rope, rng):
    cases = [_rope_case(rng, number) for number in range(24)]
    answers = rope.each([(given, {}) for given, _, _ in cases])
    pairs = [(answer, right.tolist()) for answer, (_, right, _) in zip(answers, cases, strict=True)]
    otherwise = "q2"
    if all(_shape(answer) == _shape(right) for answer, right in pairs):
        if not all(close([math.hypot(*row) for row in a], [math.hypot(*row) for row in b], 0.01) for a, b in pairs):
            otherwise = "length"
        elif all(close([row[0] for row in a], [row[0] for row in b], NEAR) for a, b in pairs):
            otherwise = "speed"
    _judge(rope, cases, otherwise, "rotated shape")


def _rope_case(rng, number):
    rows, d = rng.randint(1, 4), rng.choice([4, 6, 8, 10]) if number % 4 else 2
    x, half = _normal(rng, rows, d), d // 2
    places = [rng.randint(0, rng.choice([60, 200])) for _ in range(rows)]
    if number % 3 == 0:  # a row that comes twice, here and below: its place must not be looked up by its numbers
        x[-1] = x[0]
    theta = rng.choice([50.0, 500.0, 500_000.0])
    given = (x.tolist(), places, theta) if number % 2 else (x.tolist(), places)
    theta = theta if number % 2 else THETA
    pairs = np.arange(half)
    usual = np.outer(places, theta ** (-pairs / half))
    cos, sin, left, right_half = np.cos(usual), np.sin(usual), x[:, :half], x[:, half:]
    first = left * cos - right_half * sin

    def by(exponents):
        return _turned(x, places, angles=np.outer(places, theta**exponents))

    apart = np.empty_like(x)
    apart[:, 0::2] = x[:, 0::2] * cos - x[:, 1::2] * sin
    apart[:, 1::2] = x[:, 0::2] * sin + x[:, 1::2] * cos
    right, put = _turned(x, places, theta), np.empty_like(x)
    put[:, 0::2], put[:, 1::2] = right[:, :half], right[:, half:]
    mistakes = {
        "neighbours": [apart, _turned(np.hstack([x[:, 0::2], x[:, 1::2]]), places, theta)],
        "put back": [put],
        "backwards": [_turned(x, places, angles=-usual)],
        "row number": [_turned(x, at + np.arange(rows), theta) for at in (0, 1, places[0])],
        "from one": [_turned(x, np.array(places) + 1, theta)],
        "one speed": [by(0 * pairs)],
        "speed": [by(-(pairs + 1) / half)],
        "fixed theta": [_turned(x, places)],
        "degrees": [_turned(x, places, angles=np.deg2rad(usual)), _turned(x, places, angles=np.rad2deg(usual))],
        "overwritten": [np.hstack([first, first * sin + right_half * cos])],
        "added": [x + np.hstack(pair) for pair in ((cos, sin), (sin, cos))],
    }
    return given, right, mistakes


# ---- 3. a KV cache -------------------------------------------------------------------------------------------------


@question("attention.q3", answer="read", kind="function")
def q3(read, rng):
    of_texts = [case for _ in range(4) for case in _text_cases(rng, _weights(rng))]
    weights = _weights(rng)
    of_texts += _text_cases(rng, weights)
    of_none = [_case_of_no_text(rng, weights) for _ in range(6)]  # right after a text that the same model has read
    answers = read.each([(given, {}) for given, _, _ in of_texts + of_none])
    truths = [_plain(truth) for _, truth, _ in of_texts + of_none]
    right = [close(answer, truth, NEAR) for answer, truth in zip(answers, truths, strict=True)]
    expect(all(right) or not all(right[: len(of_texts)]), t(*HINTS["of no text"]))
    _judge(read, of_texts + of_none, "q3", "read form", _is_output_and_cache)


def _is_output_and_cache(answer, right):
    two = type(answer) is list and len(answer) == 2 and type(answer[1]) is dict
    output_and_keys = two and _shape(answer[0]) == _shape(right[0]) and answer[1].keys() == right[1].keys()
    return output_and_keys and all(map(_is_table, answer[1].values()))


def _is_table(value):
    rows = value if type(value) is list else [None]
    return all(type(row) is list and all(type(x) in (int, float) for x in row) for row in rows)


def _weights(rng):
    """A model of one head."""
    wide, d, width = rng.randint(2, 5), rng.choice([2, 4, 6]), rng.choice([2, 4])
    return {"q": _normal(rng, wide, d), "k": _normal(rng, wide, d), "v": _normal(rng, wide, width)}


def _text_cases(rng, weights):
    """One text, read in three parts: each with the cache that the parts before it leave, and the full pass's rows."""
    parts = [rng.choice([1, 2, 3, 6]) for _ in range(3)]
    text = _normal(rng, sum(parts), len(weights["q"]))
    text[-1], text[1] = text[-2], text[0]
    q, k, v = (text @ weights[name] for name in "qkv")
    places = range(len(text))
    k = _turned(k, places)
    whole = _library(_turned(q, places), k, v, _seen(len(text), len(text)))
    at = 0
    for part in parts:
        new = slice(at, at + part)
        yield _read_case(weights, (k[:at], v[:at]), text[new], whole[new])
        at += part


def _case_of_no_text(rng, weights):
    """A cache that no text has left there."""
    rows = rng.randint(1, 5)
    keys, values = (_normal(rng, rows, weights[name].shape[1], 1.5) for name in "kv")
    keys[-1], values[-1] = keys[0], values[0]
    keys[0] *= rng.choice([0, 1])
    return _read_case(weights, (keys, values), _normal(rng, rng.randint(1, 3), len(weights["q"])))


def _read_case(weights, cached, x, output=None):
    """A case of `read`; output: what a full pass gives, where there is a text to pass over."""
    (keys, values), old, n = cached, len(cached[0]), len(x)
    q, k, v = (x @ weights[name] for name in "qkv")
    places = np.arange(old, old + n)
    turned_q, turned_k = _turned(q, places), _turned(k, places)

    def by(q=turned_q, k=turned_k, v=v, before=(keys, values), seen=None):
        k, v = np.vstack([before[0], k]), np.vstack([before[1], v])
        seen = _seen(n, len(k)) if seen is None else seen
        scores = np.where(seen, q @ k.T / math.sqrt(q.shape[1]), -1e30)
        return [_softmax(scores) @ v, {"k": k, "v": v}]

    cache = by()[1]
    if output is None:
        output = _library(turned_q, cache["k"], cache["v"], _seen(n, old + n))
    alone, only_new = by(before=(keys[:0], values[:0]))
    again = by(before=(_turned(keys, range(old)), values))
    mistakes = {
        "ignores": [[alone, cache], [alone, only_new]],
        "not grown": [[output, {"k": keys, "v": values}], [output, only_new]],
        "raw keys": [[found, {"k": np.vstack([keys, k]), "v": cache["v"]}] for found in (output, again[0])],
        "turned again": [again, [again[0], cache]],
        "from zero": [by(_turned(q, at), _turned(k, at)) for at in (range(n), places + 1)],
        "query raw": [by(q=q), by(k=k)],
        "not turned": [by(q=q, k=k)],
        "value turned": [by(v=_turned(v, places))],
        "read ahead": [by(seen=np.ones((n, old + n), bool))],
        "read top left": [by(seen=np.tri(n, old + n, dtype=bool))],
        "in front": [[output, {"k": np.vstack([turned_k, keys]), "v": np.vstack([v, values])}]],
        "k and v": [[output, {"k": cache["v"], "v": cache["k"]}]],
    }
    given = (x.tolist(), _plain(weights), {"k": keys.tolist(), "v": values.tolist()})
    return given, [output, cache], mistakes


# ---- 4. find the fault ---------------------------------------------------------------------------------------------


def _outputs(q, k, v, heads):
    """What multi-head attention gives, right and with each fault."""
    n, d = len(q), q.shape[1] // heads
    q, k, v = (np.stack(np.hsplit(x, heads)) for x in (q, k, v))  # (heads, n, d)
    scores = q @ k.swapaxes(1, 2) / math.sqrt(d)

    def found(scores=scores, shift=0, axis=-1):
        return _softmax(np.where(_seen(n, n, shift), scores, -1e30), axis) @ v

    each = {
        "right": np.stack([_library(*one, _seen(n, n)) for one in zip(q, k, v, strict=True)]),
        "mask": found(shift=1),
        "axis": found(axis=1),
        "scale": found(scores / math.sqrt(d)),
    }
    outputs = {fault: np.hstack([*of_heads]) for fault, of_heads in each.items()}
    return outputs | {"heads": each["right"].reshape(n, -1)}


@question("attention.q4", answer="find_fault", kind="function", none_ok=True)
def q4(find_fault, rng):
    kinds = [(fault, narrow) for fault in FAULTS for narrow in (False, True) * 4]
    cases = [_fault_case(rng, *kind) for kind in rng.sample(kinds, len(kinds))]
    answers = find_fault.each([(given, {}) for given, _, _ in cases])
    for (given, _, _), answer in zip(cases, answers, strict=True):
        if answer is None:
            find_fault(*given)  # the notebook shows the last call
            expect(False, t(*HINTS["none fits"]))
        fits = type(answer) is list and _shape(answer[1:]) == [_shape(given[-1])] and answer[0] in FAULTS
        expect(fits, t(*HINTS["fault form"]))
    judged = [(*case, *answer) for case, answer in zip(cases, answers, strict=True)]
    mended = all(close(output, right, NEAR) for _, _, right, _, output in judged)
    missed = [(given, name) for given, fault, _, name, _ in judged if fault != name]
    if missed:
        if mended and all(_apart(given, name) < WIDE for given, name in missed):
            find_fault(*missed[0][0])  # the notebook shows the last call
            expect(False, t(*HINTS["loose"]))
        names = {name for _, _, _, name, _ in judged}
        expect(names != {"right"}, t(*HINTS["all right"]))
        expect("right" in names or not mended, t(*HINTS["never right"]))
        for wanted in FAULTS:
            missed = [given for given, fault, _, name, _ in judged if fault == wanted != name]
            if missed:
                find_fault(*missed[0])  # the notebook shows the last call
                expect(False, t(*HINTS[f"missed {wanted}"]))
    back = all(close(output, given[-1], NEAR) for given, _, _, _, output in judged)
    expect(mended, t(*HINTS["given back" if back else "mended"]))


def _apart(given, fault):
    """How far the output that came in is from what a fault gives, where they differ most."""
    *qkv, heads, output = given
    return np.abs(_outputs(*map(np.array, qkv), heads)[fault] - np.array(output)).max()


def _fault_case(rng, fault, narrow):
    """(arguments, fault, right output), where no two faults give the same. narrow: two of them nearly do."""
    while True:
        n, heads, d = rng.randint(3, 6), rng.randint(2, 4), rng.randint(2, 4)
        q, k, v = (_normal(rng, n, heads * d, 1.5) for _ in "qkv")
        # the outputs differ everywhere, in one row, in one number; or they all lie far from 0
        part = rng.choice(["all", "row", "number", "number", "far"])
        if part == "far":
            v += rng.choice([-30, 30])
        elif part != "all":
            row, column = rng.randrange(n), rng.randrange(heads * d)
            v[np.arange(n) != row] = 0
            if part == "number":
                v[:, np.arange(heads * d) != column] = 0
        every = [*_outputs(q, k, v, heads).values()]
        least = min(np.abs(one - other).max() for i, one in enumerate(every) for other in every[:i])
        if least > (0.01 if narrow else WIDE):
            v = v * (rng.uniform(1.1, 1.4) * APART / least if narrow else 1)  # outputs grow and shrink with the values
            outputs = _outputs(q, k, v, heads)
            off = np.array([[rng.uniform(-1, 1) for _ in row] for row in v]) * NEAR / 3  # not to the last digit
            given = (q.tolist(), k.tolist(), v.tolist(), heads, (outputs[fault] + off).tolist())
            return given, fault, outputs["right"].tolist()


# ---- 5. take a head away -------------------------------------------------------------------------------------------


def _effects(model, texts, change=np.subtract):
    """(heads, texts): the probability of each text's last token with all heads, minus that without one of them."""
    tables, texts = np.array([table for _, table in model]), np.array([text[-6:] for text in texts])
    read = np.stack([texts[:, -1 - back] for back, _ in model])  # what each head reads in each text
    says = np.stack([table[tokens] for table, tokens in zip(tables, read, strict=True)])  # (heads, texts, vocabulary)
    whole, rows = says.sum(0), np.arange(len(texts))
    without = whole - says + tables.mean(1)[:, None]
    return change(_softmax(whole)[rows, texts[:, -1]], _softmax(without)[:, rows, texts[:, -1]])


@question("attention.q5", answer="which_head", kind="function")
def q5(which_head, rng):
    wanted, cases = {"luck": 2, "harm": 2, "spread": 2, "single": 2, "plain": 4}, []
    while any(wanted.values()):
        kind, case = _head_case(rng)
        if wanted.get(kind):
            wanted[kind] -= 1
            cases.append(case)

    def has_form(answer, _):
        # a tensor of four makes a float of the head
        return _shape(answer) == [None] * 4 and float(answer[0]).is_integer()

    answers = in_form(which_head, cases, has_form, HINTS["head form"])
    found = [answer[0] == right[0] for (_, right, _), answer in zip(cases, answers, strict=False)]
    diagnose(which_head, cases, HINTS, "q5" if all(found) else "head", 1e-5)


def _head_case(rng):
    """(what is special about it, case)."""
    heads, words = rng.randint(3, 6), rng.randint(2, 5)
    model = [[rng.randint(1, 4), _normal(rng, words, words, rng.uniform(0.5, 2)).tolist()] for _ in range(heads)]
    sizes = rng.sample(range(5, 13), 2)
    first, second = ([[rng.randrange(words) for _ in range(rng.randint(6, 8))] for _ in range(size)] for size in sizes)
    back, table = rng.choice(model)
    for text in first + second:  # one head knows, or has it wrong
        if rng.random() < 0.6:
            text[-1] = rng.choice([max, min])(range(words), key=table[text[-1 - back]].__getitem__)
    one, two = _effects(model, first), _effects(model, second)
    both = np.hstack([one, two])
    best, good = int(np.abs(one.mean(1)).argmax()), int(one.mean(1).argmax())
    wide, loud = int(np.abs(one).mean(1).argmax()), int(np.abs(one).max(1).argmax())
    fresh, pooled = int(np.abs(two.mean(1)).argmax()), int(np.abs(both.mean(1)).argmax())
    runner_up = np.sort(np.abs(one.mean(1)))[-2]

    def row(head, effects, z=1.96, ddof=1, n=None):
        values = effects[head]
        half = z * values.std(ddof=ddof) / math.sqrt(n or len(values))
        return [head, *(float(x) for x in (values.mean(), values.mean() - half, values.mean() + half))]

    def by_another(change):
        chosen = int(np.abs(_effects(model, first, change).mean(1)).argmax())
        return row(chosen, _effects(model, second, change))

    right = row(best, two)
    head, mean, low, high = right
    mistakes = {
        "same texts": [row(best, one)],
        "all texts": [row(pooled, both), row(best, both), row(pooled, two)],
        "roles": [row(fresh, one), row(fresh, two)],
        "sign": [[head, -mean, -high, -low]],
        "one side": [row(good, two), row(int(one.mean(1).argmin()), two)],
        "absolute": [row(wide, two), row(wide, np.abs(two)), row(best, np.abs(two))],
        "one text": [row(loud, two), row(int(one.max(1).argmax()), two), row(int(np.abs(one[:, 0]).argmax()), two)],
        "no root": [row(best, two, n=1)],
        "one error": [row(best, two, z=1.0)],
        "population": [row(best, two, ddof=0)],
        "other n": [row(best, two, n=n) for n in (len(first), len(first) + len(second))],
        "reversed": [[head, mean, high, low]],
        "numbered from one": [[head + 1, mean, low, high]],
        "log": [by_another(change) for change in (_log_ratio, _fall)],
        "percent": [[head, 100 * mean, 100 * low, 100 * high]],
        "rounded": [[head, *(round(x, digits) for x in (mean, low, high))] for digits in range(1, 5)],
    }
    kinds = {
        "": np.abs(one.mean(1)).max() - runner_up < 0.003,
        "luck": best not in (fresh, pooled),
        "harm": best != good,
        "spread": best != wide,
        "single": best != loud,
        "plain": True,
    }
    return next(k for k, yes in kinds.items() if yes), ((model, first, second), right, mistakes)


def _log_ratio(p, without):
    return np.log(p / without)


def _fall(p, without):
    return 1 - without / p
