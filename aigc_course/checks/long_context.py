"""Checks of the lab `long_context`. Oracles: torch's own attention with a mask that is written token by token, single
rows of a text too long for any table, exact fractions for the choice of blocks, NumPy's polyfit.

Memory is measured in the lab, by the class around the student's function. Whoever forges that number and builds the
table all the same still meets the longest text, whose table is larger than all the memory a grader gives.
"""

import math
from fractions import Fraction

import numpy as np

from aigc_course.checks import close, diagnose, expect, in_form, question
from aigc_course.i18n import t

NEAR = 1e-4  # float32 is precise enough
SHORT, LONGEST = 1000, 24_000  # tokens: a table of float32 takes 4 MB, and 2.3 GB
# bytes: a key and a value copied, even into Python lists, take less; a column of a chunk's table takes more
PER_TOKEN = 320
FAULTS = ("ahead", "window", "places", "late", "sinks")
VARIANTS = {"first": "ahead", "second": "window", "third": "places"}

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
HINTS = {
    "mask form": (
        "要返回一张 n 行 m 列的表，每格是 True 或 False。",
        "Return a table of n rows and m columns, with True or False in each cell.",
    ),
    "numbers": (
        "次序对了，可是格子里是 0 和 1：要的是 True 和 False。比较（<、>=）给出的就是它们；张量可以用 .bool()。",
        "Right, but with 0 and 1 in the cells: True and False are wanted. Comparisons (<, >=) give them; a tensor has "
        ".bool().",
    ),
    "q1": (
        "不对。画一张 4 行 4 列、窗口 2、一个汇的表，一格一格地想，再和例子比。",
        "Not right. Draw the table for 4 queries, 4 keys, a window of 2 and 1 sink, cell by cell; compare with the "
        "example.",
    ),
    "inverted": (
        "反了：True 是**看得见**的，不是遮住的。",
        "Inverted: True is for what is **seen**, not for what is hidden.",
    ),
    "wide": (
        "窗口多了一个 token：窗口是 w，就是自己加前面的 w − 1 个。",
        "The window has one token too many: a window of w is the token itself and the w − 1 before it.",
    ),
    "narrow": (
        "窗口少了一个 token：自己也算在窗口里，前面还有 w − 1 个。",
        "The window has one token too few: it holds the token itself and w − 1 before it.",
    ),
    "top left": (
        "n 和 m 一样时对，n 小的时候不对：查询是**最后** n 个 token 的，第 0 行站在第 m − n 个位置。",
        "Right where n equals m, wrong where n is smaller: the queries belong to the **last** n tokens, so row 0 "
        "stands at place m − n.",
    ),
    "future": (
        "看到了右边：自己右边的 token 一个也不许看。",
        "It looks to the right: no token may see any that comes after it.",
    ),
    "both sides": (
        "看到了右边：窗口只往左边伸，自己右边的 token 一个也不许看。",
        "It looks to the right: the window reaches to the left only, and no token may see any that comes after it.",
    ),
    "sinks ahead": (
        "汇也不许提前看：第 0 个 token 写的时候，第 1 个还不存在，哪怕它是汇。",
        "Sinks are no exception: when token 0 is written token 1 does not exist yet, sink or not.",
    ),
    "no sinks": (
        "汇忘了：最前面的 sinks 个 token，后面的人人都看得见，多远都行。",
        "The sinks are missing: everybody after them sees the first `sinks` tokens, however far back.",
    ),
    "sinks in window": (
        "汇占了窗口的名额：汇是另外加的，窗口还是 w 个。",
        "The sinks take up room of the window: they come on top of it, and the window still has w tokens.",
    ),
    "one sink": (
        "汇的个数不对：sinks 是几，就是最前面的几个，从第 0 个数起。",
        "The number of sinks is off: with `sinks` of them it is the first ones, counted from token 0.",
    ),
    "and": (
        "只留下了又是汇、又在窗口里的：两样里**有一样**就看得见。",
        "Only what is a sink **and** in the window is left: one of the two is enough.",
    ),
    "measured form": (
        "返回的东西要是 [输出, 字节数]：函数上面的 @measured 一行要留着，函数本身只返回输出，一行查询得一行。",
        "What comes back should be [output, bytes]. Leave the line @measured above your function, and let the function "
        "itself return the output alone, a row for each query.",
    ),
    "nan": (
        "结果里有 nan 或无穷。是不是有的查询一个键也看不见？每个 token 至少看得见它自己。",
        "There is a nan or an infinity in the result. Does a query see no key at all? Each token sees at least itself.",
    ),
    "q2": (
        "不对。用第 1 题的掩码做普通的注意力，拿同样的输入比一比，看是从第几行起不一样。",
        "Not right. Compare with ordinary attention and your mask of question 1 on the same input: from which row on "
        "do they differ?",
    ),
    "twice": (
        "有的 token 算了两次：它既是汇，又在窗口里。拼起来之前，去掉重复的。",
        "Some tokens count twice: they are sinks and in the window as well. Take out the doubles when you put the two "
        "together.",
    ),
    "reach": (
        "n 和 m 一样时对，n 小的时候不对：一批的第一个查询，窗口要伸到这一批前面去，从 start - window + 1 起。",
        "Right where n equals m, wrong where n is smaller: the window of a chunk's first query reaches back to before "
        "the chunk, to start - window + 1.",
    ),
    "no scale": (
        "分数要除以 √d，d 是一行查询有几个数。",
        "Scores are divided by √d, where d is how many numbers a query has.",
    ),
    "late": (
        "遮得太晚：softmax 之后再改成 0，剩下的权重加起来就不到 1 了。要在 softmax 之前把分数变成负无穷。",
        "Hidden too late: with weights set to 0 after the softmax, the others no longer add up to 1. Set the scores to "
        "minus infinity, before it.",
    ),
    "boundary": (
        "短的文本对，长的不对，多半是一批和下一批的交界出了错：一批的第一个查询，窗口要伸到上一批里去；最后一批常常不满。",
        "Right for short texts, wrong for long ones, so look where two chunks meet: the window of a chunk's first "
        "query reaches back into the chunk before, and the last chunk is often not full.",
    ),
    "table": (
        "结果对，可是内存还在跟着平方走：{n} 个 token 时同时占着 {a:.1f} MB，{n2} 个时 {b:.1f} MB。把查询分成批，每批的"
        "大小固定（例如 256 个），每批只取它用得着的键；整张的掩码也是一张表，也不要建。",
        "The result is right, but memory still grows with the square: with {n} tokens it held {a:.1f} MB at once, with "
        "{n2} tokens {b:.1f} MB. Take chunks of a fixed size (256 queries, say), each with the keys that it needs. A "
        "whole mask is a table, too: do not build it.",
    ),
    "all keys": (
        "结果对，可是看不见的也算了：查询不变，前文加了 {more} 个谁也看不见的 token，内存就从 {a:.2f} MB 变成 "
        "{b:.2f} MB。先算再扔不算省：每一批只取窗口和汇的键来打分。",
        "The result is right, but what nobody sees is computed as well: {more} more tokens that no query sees, and "
        "memory went from {a:.2f} to {b:.2f} MB. To hide is not to save: for each chunk, score only the keys of its "
        "window and the sinks.",
    ),
    "long": (
        "几千个 token 时对，{n} 个时不对。",
        "Right with some thousand tokens, wrong with {n}.",
    ),
    "blocks form": (
        "要返回列表的列表：每个查询一个，里面是挑中的块的编号，是整数，从小到大，没有重复。",
        "Return a list of lists: for each query the numbers of its blocks, whole numbers, the smallest first, none "
        "twice.",
    ),
    "order": (
        "挑的块对，次序不对：编号从小到大。",
        "The right blocks in the wrong order: the smallest number first.",
    ),
    "count 1": (
        "count 是 1 时，只看自己那一块，别的一块也不挑。（x[-0:] 是整个列表。）",
        "With a count of 1 a query looks at its own block and no other. (x[-0:] is the whole list.)",
    ),
    "q3": (
        "不对。拿一个查询在纸上算：它在哪一块？前面各块的平均键是什么？和查询的点积各是多少？",
        "Not right. Take one query and a sheet of paper: which block is it in, what are the mean keys of the blocks "
        "before, and what are their dot products with the query?",
    ),
    "own": (
        "自己所在的那一块总要挑上，不用和别的块比。",
        "A query's own block is always chosen: it does not compete with the others.",
    ),
    "blocks to come": (
        "挑到了后面的块：写到这里，它们还不存在。",
        "Blocks to come are chosen: at this point they have not been written yet.",
    ),
    "one more": (
        "多挑了一块：count 里包括自己那一块，另外只挑 count − 1 块。",
        "One block too many: count includes the own block, so there are count − 1 others.",
    ),
    "ties": (
        "一样合的时候挑错了：挑编号大的，也就是离得近的。",
        "Wrong where two blocks fit equally well: take the larger number, which is the nearer one.",
    ),
    "places": (
        "查询的位置不对：q 是**最后**几个 token 的，第一行站在第 m − n 个位置。",
        "The queries stand at the wrong places: q belongs to the **last** tokens, and its first row is at place m − n.",
    ),
    "best token": (
        "用的是块里最合的那一个键；题目要的代表是各个键的平均。",
        "A block is judged by its best key. What should stand for it is the mean of its keys.",
    ),
    "one key": (
        "只看了块里的一个键：代表是块里所有键的平均。",
        "Only one key of the block is looked at: the mean of all its keys stands for it.",
    ),
    "length": (
        "不要把平均的键除以它的长度：比的是点积。",
        "Do not divide the mean key by its length: it is the dot product that counts.",
    ),
    "worst": (
        "挑反了：要点积最大的，不是最小的，也不看绝对值。",
        "The wrong end: the largest dot products are wanted, not the smallest, and signs count.",
    ),
    "nearest": (
        "挑的是最近的几块，和内容没有关系：要比点积。",
        "These are the nearest blocks, whatever they say: compare dot products.",
    ),
    "one for all": (
        "所有查询挑的都一样：每个查询拿自己的数去比。",
        "All queries get the same choice: each should compare with its own numbers.",
    ),
    "luck": (
        "同样的输入，两次挑得不一样：看哪里要由内容决定，不能靠运气。",
        "The same input, and another choice the second time: where to look is for the content to say, not for luck.",
    ),
    "tests form": (
        "tests 要是一个字典：{“first”: [毛病, n, m, window, sinks], “second”: …, “third”: …}。毛病是表里五个名字之一；"
        "n 从 1 到 m，m 最多 4，window 至少 1，sinks 至少 0，都是整数。",
        "tests should be a dict: {“first”: [fault, n, m, window, sinks], “second”: …, “third”: …}. The fault is one of "
        "the five names in the table; n from 1 to m, m at most 4, window 1 or more, sinks 0 or more, all whole "
        "numbers.",
    ),
    "fault": (
        "{name} 的毛病不是“{said}”。用 wrong_on 试几组数：什么时候它错，什么时候它对？再回头看代码里的那一行。",
        "The fault of {name} is not “{said}”. Try some numbers with wrong_on: when is it wrong, and when right? Then "
        "look at that line of the code again.",
    ),
    "not shown": (
        "{name} 的毛病说对了，可是在你给的输入上它没有错：{given}。想一想：要在什么样的文本上，这个毛病才碰得到？",
        "The fault of {name} is right, but on your input it makes no mistake: {given}. On what kind of text does this "
        "fault come to light?",
    ),
    "others": (
        "你给 {name} 的输入上，{other} 也错了：{given}。改一改，让另外两个在上面都对，才知道抓到的是谁。",
        "On your input for {name}, {other} is wrong as well: {given}. Change it so that the other two are right there: "
        "only then does it tell who is to blame.",
    ),
    "referee form": (
        "要返回六样东西的列表：时间的次方、内存的次方、份额、倍数，然后两个 True 或 False。",
        "Return a list of six: power of the time, power of the memory, share, times as fast, and then two of True or "
        "False.",
    ),
    "ones": (
        "数对了，可是最后两样是 0 和 1：要 True 和 False。",
        "Right, but the last two are 0 and 1: True and False are wanted.",
    ),
    "q5": (
        "次方对，份额或倍数不对。拿题目的例子算：走到 4000 个 token，四样代价各是多少？theirs 的线要用 theirs 的 token "
        "数；取的是哪种对数，就用哪种变回来。",
        "The powers are right, the share or the speed is not. Take the example: what are the four costs at 4,000 "
        "tokens? The lines of theirs need the tokens of theirs; and undo the logarithm that you took, not another one.",
    ),
    "powers": (
        "次方不对：两个点 (1000, 3)、(2000, 12)，次方该是 2。x 是 token 数的对数，y 是代价的对数，斜率用最小二乘。",
        "The powers are wrong: two points (1000, 3) and (2000, 12) must give 2. x is the logarithm of the tokens, y "
        "that of the cost, the slope is by least squares.",
    ),
    "verdicts": (
        "数都对，判决不对：省 40% 内存是份额不超过 0.6；快 30% 是倍数至少 1.3。",
        "The numbers are right, the verdicts are not: 40 % less memory is a share of 0.6 or less, 30 % faster is 1.3 "
        "times or more.",
    ),
    "linear": (
        "这是在原来的数上拟合的直线：先把 token 数和代价都取对数。",
        "That is a line through the plain numbers: take logarithms of tokens and costs first.",
    ),
    "half log": (
        "只取了一边的对数：token 数和代价都要取。",
        "Only one side is in logarithms: tokens and costs both should be.",
    ),
    "ends": (
        "只用了头尾两个点：每个点都要算进去，用最小二乘。",
        "Only the first and the last point are used: least squares takes all of them.",
    ),
    "square": (
        "次方是量出来的，不是假设的：拟合出来是多少就是多少。",
        "The powers are to be measured, not assumed: take what the fit gives.",
    ),
    "not continued": (
        "次方对，份额和倍数不对：要比的是 n 个 token 时线上的点，不是量过的最后一行。",
        "The powers are right, share and times are not: compare the lines at n tokens, not the last rows measured.",
    ),
    "whose": (
        "次方要的是 ours 的，不是 theirs 的。",
        "The powers wanted are those of ours, not of theirs.",
    ),
    "columns": (
        "时间和内存弄反了：一行是 [token 数, 秒, MB]。",
        "Time and memory are swapped: a row is [tokens, seconds, MB].",
    ),
    "upside down": (
        "比反了：份额是 ours 的内存除以 theirs 的；倍数是 theirs 的秒数除以 ours 的。",
        "Upside down: the share is our memory divided by theirs, the times are their seconds divided by ours.",
    ),
    "percent": (
        "份额是 0.6 这样的数，不是 60，也不是省下的那部分。",
        "The share is a number like 0.6: not 60, and not the part that is saved.",
    ),
    "rounded": ("不要四舍五入。", "Do not round."),
    "seventy": (
        "速度的判决不对：快 30% 是倍数至少 1.3。时间少 30% 是另一回事，那样倍数要到 1.43。",
        "The verdict on speed is wrong: 30 % faster is 1.3 times as fast or more. To take 30 % less time is something "
        "else: that would be 1.43 times.",
    ),
    "forty": (
        "内存的判决不对：省 40%，就是还用 60%，份额不超过 0.6。",
        "The verdict on memory is wrong: 40 % less leaves 60 %, a share of 0.6 or less.",
    ),
}


def _normal(rng, rows, columns, digits=4):
    return [[round(rng.gauss(0, 1.5), digits) for _ in range(columns)] for _ in range(rows)]


def _table(answer, rows, columns, kinds):
    """Whether it is a list of so many rows, each a list of so many values of these types."""
    return (
        type(answer) is list
        and len(answer) == rows
        and all(type(row) is list and len(row) == columns and all(type(x) in kinds for x in row) for row in answer)
    )


# ---- 1. the mask of a window with sinks ----------------------------------------------------------------------------


def _seen(n, m, sees):
    """(n, m), True where a query at place p sees the key at place s: sees(p, s)."""
    return np.array([[bool(sees(p, s)) for s in range(m)] for p in range(m - n, m)])


def _window(n, m, window, sinks):
    """(n, m): who sees whom, by listing for each token the places that it sees."""
    return _seen(n, m, lambda p, s: s in {*range(max(p - window + 1, 0), p + 1), *range(min(sinks, p + 1))})


def _wrong_masks(n, m, window, sinks):
    """Masks by mistake."""

    def by(sees):
        return _seen(n, m, sees)

    top = [[i - window < s <= i or (s < sinks and s <= i) for s in range(m)] for i in range(n)]
    return {
        "wide": by(lambda p, s: s <= p and (s >= p - window or s < sinks)),
        "narrow": by(lambda p, s: s <= p and (s > p - window + 1 or s < sinks)),
        "top left": np.array(top),
        "future": by(lambda p, s: s > p - window or s < sinks),
        "both sides": by(lambda p, s: abs(p - s) < window or s < sinks),
        "sinks ahead": by(lambda p, s: p - window < s <= p or s < sinks),
        "no sinks": by(lambda p, s: p - window < s <= p),
        "sinks in window": by(lambda p, s: s <= p and (s > p - max(window - sinks, 1) or s < sinks)),
        "one sink": by(lambda p, s: s <= p and (s > p - window or s <= sinks)),
    }


@question("long_context.q1", answer="window_mask", kind="function")
def q1(window_mask, rng):
    cases = [_mask_case(rng, number) for number in range(30)]

    def has_form(answer, right):
        return _table(answer, *np.shape(right), (bool, int, float))

    in_form(window_mask, cases, has_form, HINTS["mask form"])
    diagnose(window_mask, cases, HINTS, "q1")


def _mask_case(rng, number):
    m = rng.randint(5, 10)
    n = m if number % 3 else rng.randint(1, m - 1)
    window, sinks = rng.randint(1, 4), rng.choice([0, 1, 2, 3])
    if number % 7 == 6:  # everything is seen
        window, sinks = m + rng.randint(0, 3), m + rng.randint(-2, 3)
    right = _window(n, m, window, sinks)
    near, first = _window(n, m, window, 0), _seen(n, m, lambda p, s: s <= p and s < sinks)
    mistakes = {
        "numbers": [right.astype(int).tolist(), right.astype(float).tolist()],
        "inverted": [(~right).tolist()],
        "and": [(near & first).tolist()],
    }
    mistakes |= {name: [mask.tolist()] for name, mask in _wrong_masks(n, m, window, sinks).items()}
    return (n, m, window, sinks), right.tolist(), mistakes


# ---- 2. a window in chunks -----------------------------------------------------------------------------------------


def _softmax(scores):
    odds = np.exp(scores - scores.max(-1, keepdims=True))
    return odds / odds.sum(-1, keepdims=True)


def _masked(q, k, v, seen):
    """torch's own attention with this mask."""
    import torch

    tensors = (torch.tensor(np.asarray(x), dtype=torch.float64) for x in (q, k, v))
    found = torch.nn.functional.scaled_dot_product_attention(*tensors, attn_mask=torch.from_numpy(seen))
    return found.nan_to_num(0).tolist()  # a row that sees nothing


def _row(q, k, v, place, window, sinks):
    """What the query q (d,) at this place of a long text gets: softmax over the places that it sees, and no table."""
    seen = sorted({*range(min(sinks, place + 1)), *range(max(place - window + 1, 0), place + 1)})
    return (_softmax(k[seen] @ q / math.sqrt(len(q))) @ v[seen]).tolist()


@question("long_context.q2", answer="sliding_window", kind="function")
def q2(sliding_window, rng):
    def output(*given):
        answer = sliding_window(*given)
        expect(_is_measured(answer, len(given[0]), len(given[2][0])), t(*HINTS["measured form"]))
        expect(all(math.isfinite(x) for row in answer[0] for x in row), t(*HINTS["nan"]))
        return answer[0]

    cases = [_window_case(rng, number) for number in range(16)]
    diagnose(output, cases, HINTS, "q2", NEAR)

    sinks = rng.randint(1, 3)

    def bytes_held(n, m, window, hint):
        """What it holds on a random text, if what it gives is right."""
        draw = np.random.default_rng(rng.getrandbits(32))
        q, k, v = (draw.normal(size=(rows, 1)).round(2) for rows in (n, m, m))
        answer = sliding_window(q.tolist(), k.tolist(), v.tolist(), window, sinks)
        expect(_is_measured(answer, n, 1), hint)
        rows = sorted({0, n - 1, *rng.sample(range(n), 80)})  # some of them: an oracle for all would take long
        right = [_row(q[row], k, v, m - n + row, window, sinks) for row in rows]
        expect(close([answer[0][row] for row in rows], right, NEAR), hint)
        return answer[1]

    window, boundary = rng.randint(24, 28), t(*HINTS["boundary"])
    for size in (700, 24):  # rows that fill no whole number of chunks, and fewer than keys
        bytes_held(1813, 2 * SHORT + 13, size, boundary)
    held = {
        (n, m): bytes_held(n, m, window, boundary) / 1e6
        for n, m in ((SHORT, SHORT), (2 * SHORT, 2 * SHORT), (200, SHORT), (200, 5 * SHORT))
    }
    a, b = held[SHORT, SHORT], held[2 * SHORT, 2 * SHORT]
    expect(b < 2.6 * a, t(*(hint.format(n=SHORT, n2=2 * SHORT, a=a, b=b) for hint in HINTS["table"])))
    more, a, b = 4 * SHORT, held[200, SHORT], held[200, 5 * SHORT]
    expect((b - a) * 1e6 < more * PER_TOKEN, t(*(hint.format(more=more, a=a, b=b) for hint in HINTS["all keys"])))

    bytes_held(LONGEST, LONGEST, rng.randint(240, 260), t(*(hint.format(n=LONGEST) for hint in HINTS["long"])))


def _is_measured(answer, rows, columns):
    two = type(answer) is list and len(answer) == 2 and type(answer[1]) is int
    return two and _table(answer[0], rows, columns, (int, float))


def _window_case(rng, number):
    m = rng.randint(6, 12)
    n = m if number % 3 else rng.randint(1, m - 2)
    window, sinks = rng.randint(1, 4), rng.choice([0, 1, 2, 3])
    if number % 8 == 7:
        window = m + rng.randint(0, 3)
    if number % 8 == 3:
        sinks = m + rng.randint(0, 2)
    d, width = rng.choice([2, 3, 5]), rng.choice([1, 2, 4])
    q, k, v = _normal(rng, n, d), _normal(rng, m, d), _normal(rng, m, width)
    seen = _window(n, m, window, sinks)
    scores = np.array(q) @ np.array(k).T / math.sqrt(d)
    first = np.arange(m) < sinks
    double = seen & first & (np.arange(m) > m - n - window)  # in the window of any query

    def by(scores, seen=seen):
        return (_softmax(np.where(seen, scores, -1e30)) @ np.array(v)).tolist()

    mistakes = {name: [_masked(q, k, v, mask)] for name, mask in _wrong_masks(n, m, window, sinks).items()}
    right = by(scores)
    narrow = _wrong_masks(n, m, window, sinks)["narrow"] | _window(n, m, 1, 0)  # but the token itself
    mistakes["narrow"].append(_masked(q, k, v, narrow))
    mistakes |= {
        "twice": [by(scores + np.log(2) * both) for both in (double, double & _window(n, m, window, 0))],
        "reach": [_masked(q, k, v, seen & (first | (np.arange(m) >= m - n)))],
        "no scale": [by(scores * math.sqrt(d)), by(scores / math.sqrt(d))],
        "late": [(np.where(seen, _softmax(scores), 0) @ np.array(v)).tolist()],
        "rounded": [[[round(x, digits) for x in row] for row in right] for digits in range(4)],
    }
    return (q, k, v, window, sinks), _masked(q, k, v, seen), mistakes


# ---- 3. which blocks -----------------------------------------------------------------------------------------------


@question("long_context.q3", answer="choose_blocks", kind="function")
def q3(choose_blocks, rng):
    cases = [_blocks_case(rng, number) for number in range(24)]

    def has_form(answer, right):
        lists = type(answer) is list and len(answer) == len(right) and all(type(row) is list for row in answer)
        return lists and all(all(type(x) is int for x in row) and len({*row}) == len(row) for row in answer)

    answers = in_form(choose_blocks, cases, has_form, HINTS["blocks form"])
    rights = [right for _, right, _ in cases]
    expect(answers == rights or [[sorted(row) for row in a] for a in answers] != rights, t(*HINTS["order"]))
    again = choose_blocks.each([(given, {}) for given, _, _ in cases])
    expect(again == answers, t(*HINTS["luck"]))
    diagnose(choose_blocks, cases, HINTS, "q3")


def _blocks_case(rng, number):
    """Keys are small whole numbers and a block has 2 or 4 of them, so that every mean is exact in any arithmetic."""
    block, d = rng.choice([2, 4]), rng.choice([2, 3])
    m = block * rng.randint(4, 7) + rng.randint(0, block - 1)
    n, count = rng.randint(2, min(m, 7)) if number % 4 else m, rng.randint(1, 4)
    q = [[float(rng.randint(-3, 3)) for _ in range(d)] for _ in range(n)]
    k = [[float(rng.randint(-4, 4)) for _ in range(d)] for _ in range(m)]
    if number % 2:  # a block comes twice
        one, other = rng.sample(range(m // block), 2)
        k[other * block : other * block + block] = k[one * block : one * block + block]
    blocks = [k[a : a + block] for a in range(0, m, block)]
    mean = [[sum(map(Fraction, column)) / len(rows) for column in zip(*rows, strict=True)] for rows in blocks]

    def dot(a, b):
        return sum(Fraction(x) * Fraction(y) for x, y in zip(a, b, strict=True))

    def choose(fits, place, own=True, ahead=False, more=0, far=False):
        """fits(number of a block): the larger, the better."""
        mine = place // block
        rivals = range(len(blocks)) if ahead else range(mine + (not own))
        rivals = [b for b in rivals if not (own and b == mine)]
        best = sorted(rivals, key=lambda b: (fits(b), -b if far else b), reverse=True)
        return sorted([*best[: count - own + more], *([mine] if own else [])])

    def every(score, first=m - n, **how):
        """score(query, number of a block)."""
        return [choose(lambda b, row=row: score(row, b), first + i, **how) for i, row in enumerate(q)]

    def fit(row, b):
        return dot(row, mean[b])

    def size(b):
        return math.sqrt(dot(mean[b], mean[b])) or 1.0

    mistakes = {
        "own": [every(fit, own=False)],
        "blocks to come": [every(fit, ahead=True), every(fit, ahead=True, own=False)],
        "one more": [every(fit, more=1)],
        "count 1": [every(fit, more=more if count == 1 else 0) for more in (1, len(blocks))],
        "ties": [every(fit, far=True)],
        "places": [every(fit, first=0)],
        "best token": [every(lambda row, b: max(dot(row, key) for key in blocks[b]))],
        "one key": [every(lambda row, b, at=at: dot(row, blocks[b][at])) for at in (0, -1)],
        "length": [every(lambda row, b: float(fit(row, b)) / size(b))],
        "worst": [every(lambda row, b: -fit(row, b)), every(lambda row, b: abs(fit(row, b)))],
        "nearest": [every(lambda row, b: b)],
        "one for all": [every(lambda row, b, one=one: dot(one, mean[b])) for one in (q[-1], q[0])],
    }
    return (q, k, block, count), every(fit), mistakes


# ---- 4. tests that tell faults apart -------------------------------------------------------------------------------


def _shown_masks(n, m, window, sinks):
    """What each program of the lab sees."""
    wrong = _wrong_masks(n, m, window, sinks)
    return {"first": wrong["sinks ahead"], "second": wrong["wide"], "third": wrong["top left"]}


@question("long_context.q4", answer="tests", kind="value")
def q4(tests, rng):
    expect(type(tests) is dict and tests.keys() == VARIANTS.keys(), t(*HINTS["tests form"]))
    for test in tests.values():
        form = type(test) is list and len(test) == 5 and type(test[0]) is str and test[0] in FAULTS
        expect(form and all(type(x) is int for x in test[1:]), t(*HINTS["tests form"]))
        _, n, m, window, sinks = test
        expect(1 <= n <= m <= 4 and 1 <= window <= 1000 and 0 <= sinks <= 1000, t(*HINTS["tests form"]))
    for name, (said, n, m, window, sinks) in tests.items():
        told = {"name": name, "said": said, "given": f"n={n}, m={m}, window={window}, sinks={sinks}"}
        expect(said == VARIANTS[name], t(*(hint.format(**told) for hint in HINTS["fault"])))
        # Masks and not outputs: a key that a draw gives no weight would hide the fault.
        right = _window(n, m, window, sinks)
        wrong = [who for who, mask in _shown_masks(n, m, window, sinks).items() if not np.array_equal(mask, right)]
        expect(name in wrong, t(*(hint.format(**told) for hint in HINTS["not shown"])))
        other = next((who for who in wrong if who != name), "")
        expect(not other, t(*(hint.format(other=other, **told) for hint in HINTS["others"])))


# ---- 5. the claim, refereed ----------------------------------------------------------------------------------------


@question("long_context.q5", answer="referee", kind="function")
def q5(referee, rng):
    cases = [_referee_case(rng, number) for number in range(24)]

    def has_form(answer, _):
        return type(answer) is list and len(answer) == 6 and all(type(x) in (int, float, bool) for x in answer)

    answers = in_form(referee, cases, has_form, HINTS["referee form"])
    truths = [right for _, right, _ in cases]
    same_powers, same_numbers = (
        all(close(a[:part], right[:part], 1e-3) for a, right in zip(answers, truths, strict=True)) for part in (2, 4)
    )
    otherwise = "verdicts" if same_numbers else "q5" if same_powers else "powers"
    diagnose(referee, cases, HINTS, otherwise, 1e-3)


def _measured(rng, power, at, cost, lengths):
    """Costs that grow with this power and are `cost` at `at` tokens, each measured with some error."""
    return [cost * (n / at) ** power * math.exp(rng.gauss(0, 0.06)) for n in lengths]


def _referee_case(rng, number):
    """Measurements whose verdicts are clear, and not those of the longest text measured; `number` picks the kind."""
    while True:
        n = rng.choice([60_000, 100_000, 128_000])
        share = (rng.uniform(0.1, 0.38), rng.uniform(0.43, 0.57), rng.uniform(0.65, 2))[number % 3]
        times = (rng.uniform(0.5, 1.25), rng.uniform(1.32, 1.41), rng.uniform(1.5, 4))[number // 3 % 3]
        both, base = [], (rng.uniform(1, 50), rng.uniform(100, 3000))
        for cost in ((base[0] / times, base[1] * share), base):
            lengths = sorted(rng.sample([1000, 2000, 4000, 6000, 8000, 12_000, 16_000], rng.randint(3, 5)))
            columns = [_measured(rng, rng.uniform(0.8, 2.1), n, one, lengths) for one in cost]
            rows = zip(lengths, *columns, strict=True)
            both.append([[size, round(s, 6), round(b, 4)] for size, s, b in rows])
        right = _verdict(*both, n)
        bands = [
            sum(value > end for end in ends) for value, ends in ((right[2], (0.4, 0.6)), (right[3], (1.3, 1 / 0.7)))
        ]
        near = min(abs(right[2] / x - 1) for x in (0.4, 0.6)), min(abs(right[3] / x - 1) for x in (1.3, 1 / 0.7))
        clear = bands == [number % 3, number // 3 % 3] and min(near) > 0.01
        if clear and right[4:] != _verdict(*both, n, last=True)[4:]:
            return (*both, n), right, _wrong_verdicts(*both, n, right)


def _verdict(ours, theirs, n, fit=None, last=False):
    """fit(x, y, n): (power, cost at n tokens); by default least squares on logarithms. last: compare the last rows."""
    fit = fit or _log_log
    (seconds, size), (slow, big) = (
        [fit([row[0] for row in rows], [row[column] for row in rows], n) for column in (1, 2)]
        for rows in (ours, theirs)
    )
    costs = (ours[-1][2] / theirs[-1][2], theirs[-1][1] / ours[-1][1]) if last else None
    share, times = costs or (size[1] / big[1], slow[1] / seconds[1])
    return [seconds[0], size[0], share, times, share <= 0.6, times >= 1.3]


def _log_log(x, y, n):
    power, start = np.polyfit(np.log(x), np.log(y), 1)
    return float(power), float(np.exp(start + power * np.log(n)))


def _wrong_verdicts(ours, theirs, n, right):
    def linear(x, y, n):
        slope, start = np.polyfit(x, y, 1)
        return float(slope), float(start + slope * n)

    def half(x, y, n):
        slope, start = np.polyfit(x, np.log(y), 1)
        return float(slope), float(np.exp(min(start + slope * n, 700)))

    def other_half(x, y, n):
        slope, start = np.polyfit(np.log(x), y, 1)
        return float(slope), float(start + slope * np.log(n))

    def ends(x, y, n):
        power = math.log(y[-1] / y[0]) / math.log(x[-1] / x[0])
        return power, y[-1] * (n / x[-1]) ** power

    def from_last(x, y, n):
        power = _log_log(x, y, n)[0]
        return power, y[-1] * (n / x[-1]) ** power

    def square(x, y, n):
        return 2.0, y[-1] * (n / x[-1]) ** 2

    powers, share, times, verdicts = right[:2], right[2], right[3], right[4:]
    swapped = [[[size, b, s] for size, s, b in rows] for rows in (ours, theirs)]
    upside = [[*powers, 1 / share, times], [*powers, share, 1 / times], [*powers, 1 / share, 1 / times]]
    return {
        "ones": [[*right[:4], *(kind(x) for x in verdicts)] for kind in (int, float)],
        "linear": [_verdict(ours, theirs, n, linear), [*powers, *_verdict(ours, theirs, n, linear)[2:]]],
        "half log": [_verdict(ours, theirs, n, half), _verdict(ours, theirs, n, other_half)],
        "ends": [_verdict(ours, theirs, n, ends)],
        "square": [_verdict(ours, theirs, n, square)],
        "not continued": [_verdict(ours, theirs, n, last=True), _verdict(ours, theirs, n, from_last)],
        "whose": [[*_verdict(theirs, ours, n)[:2], *right[2:]]],
        "columns": [_verdict(*swapped, n), [right[1], right[0], *right[2:]]],
        "upside down": [[*up, *end] for up in upside for end in (verdicts, [up[2] <= 0.6, up[3] >= 1.3])],
        "percent": [[*powers, x, times, *verdicts] for x in (100 * share, 1 - share, 100 - 100 * share)],
        "seventy": [[*right[:5], times >= 1 / 0.7]],
        "forty": [[*right[:4], share <= 0.4, right[5]]],
        "rounded": [[*(round(x, digits) for x in right[:4]), *verdicts] for digits in range(3)],
    }
