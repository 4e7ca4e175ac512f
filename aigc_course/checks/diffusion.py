"""Checks of the lab `diffusion`. Oracles: weights worked out for whole inputs, pictures whose content is known because
they were drawn, roots of an equation, and the straight line that denoising is where all pictures are normal."""

import math

import numpy as np
from PIL import Image, ImageFilter

from aigc_course.checks import close, diagnose, expect, question
from aigc_course.i18n import t
from aigc_course.pictures import BACKGROUNDS, COLOURS, SHAPES, SIDE, Scene, Thing, draw

NEAR = 1e-4  # float32 is precise enough
EMPTY = [0.0, 1.0]  # the empty prompt of the toy world
SHARE = 0.04  # how far a share of a picture may be off: its edges are blurred

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
HINTS = {
    "shape": (
        "返回的东西要和输入的潜变量形状一样：同样的嵌套列表，或同样形状的数组。",
        "Return the shape of the latents that come in: lists nested like theirs, or an array of that shape.",
    ),
    "nan": (
        "结果里有 nan 或无穷。是不是除以了 0，或对负数开了方？",
        "There is a nan or an infinity in the result. Is something divided by 0, or the root of a negative "
        "number taken?",
    ),
    "rounded": ("不要四舍五入。", "Do not round."),
    "no root": (
        "漏了根号。看看公式：信号的权重和噪声的权重都要开方。",
        "A root is missing. Look at the formula: both the picture and the noise are weighed by a root.",
    ),
    "q1": (
        "不对。拿三级的表在纸上算：到第 t 级为止，每一级留下多少？乘起来是多少？两个权重各是多少？",
        "Not right. On paper, with three levels: what does each level up to t leave, what is the product, what "
        "are the two weights?",
    ),
    "before": ("少乘了一级：第 t 级自己也要乘进去。", "One level is missing: level t itself belongs to the product."),
    "own level": (
        "只用了第 t 级自己的 β。前面各级加的噪声也还在画里。",
        "Only level t's own β is used, but the noise of all the levels before it is in the picture too.",
    ),
    "betas": (
        "连乘的不是 β：β 是这一级加进去的，要乘的是留下的。",
        "Do not multiply the β: they say what comes in. Multiply what stays.",
    ),
    "all levels": (
        "level 没有用上：只乘到那一级，不是整张表。",
        "level is not used: multiply up to that level, not over the whole table.",
    ),
    "sum": (
        "不能从 1 里把 β 一个个减掉：每一级去掉的是剩下的里面的一部分，所以要乘。",
        "The β are not taken from 1 one by one: each level takes its part of what is left, so multiply.",
    ),
    "fixed": (
        "好像用了一张固定的表。要用传进来的 betas，它有多长都行。",
        "You seem to use a table of your own. Take the betas that come in, however many they are.",
    ),
    "weights": (
        "两个权重弄反了：ᾱ 大的时候，主要是画。",
        "The two weights are swapped: where ᾱ is large, it is mostly picture.",
    ),
    "q2": (
        "不对。分两步：先从 x 和猜的噪声反推出画，再把同样的噪声加回去，用下一级的 ᾱ。",
        "Not right. Two moves: solve for the picture, then add the same noise back, with the next ᾱ.",
    ),
    "original": (
        "这是猜出的画。还要把噪声加回去，加到下一级。",
        "That is the guessed picture. Now add noise back, as much as the next level has.",
    ),
    "no noise": ("画缩小了，可是噪声没有加回去。", "The picture is weighed, but no noise is added back."),
    "old noise": (
        "加回去的噪声太多了：它的权重要用下一级的 ᾱ 来算。",
        "Too much noise is added back: its weight comes from the next level's ᾱ.",
    ),
    "levels": (
        "两个 ᾱ 弄反了：反推用现在的，加回去用下一级的。",
        "The two ᾱ are swapped: solve with the present one, add back with the next.",
    ),
    "undivided": (
        "反推画的时候少了一步：减去噪声以后，还要除以一个数。",
        "Solving for the picture lacks a move: once the noise is subtracted, there is something to divide by.",
    ),
    "clipped": (
        "不要截断：潜变量可以大于 1，也可以小于 −1。",
        "Do not clip: latents may well be above 1 or below −1.",
    ),
    "beta": (
        "ᾱ 是留下的信号，不是加进去的噪声：ᾱ 和 1−ᾱ 弄反了。",
        "ᾱ is the signal that is left, not the noise: you have ᾱ and 1 − ᾱ the wrong way round.",
    ),
    "negative ignored": (
        "反向提示词没有用上：给了它，就用它的猜测代替空白提示词的。",
        "The negative prompt is not used: where there is one, its guess takes the empty prompt's place.",
    ),
    "from told": (
        "起点不对：g = 0 时应该得到不看提示词的猜测，g = 1 时应该正好得到看提示词的。",
        "The wrong start: g = 0 should give the guess without the prompt, g = 1 exactly the one with it.",
    ),
    "bounded": ("g 可以大于 1，不要限制它。", "g may be above 1: do not limit it."),
    "q4": (
        "要返回两样东西的列表：背景色的英文名（BACKGROUNDS 里的一个），和一个数。",
        "Return a list of two: the background's name, one of BACKGROUNDS, and a number.",
    ),
    "background": (
        "背景色认错了。背景在画的哪里看得最清楚？那里的颜色和 BACKGROUNDS 里的哪一个最接近？",
        "The background is wrong. Where is it seen best, and which of BACKGROUNDS is nearest to the colour there?",
    ),
    "corner": (
        "好像只看了角上的一个像素。单独一个像素可能完全是错的，要多看一些。",
        "You seem to ask one pixel in a corner, and a single pixel may be quite wrong. Ask more of them.",
    ),
    "some edges": (
        "好像只看了几条边或几个角。东西可以盖住几条边的大半，也可以盖住几个角：四条边都要看。",
        "You seem to look at some edges or corners only. Things may cover most of several edges, or several corners: "
        "look at all four edges.",
    ),
    "most": (
        "最多的颜色不一定是背景：东西可以占大半张画。",
        "The commonest colour need not be the background: an object may fill most of the picture.",
    ),
    "mean": (
        "平均值会被碰到边的东西带偏。哪一种“中间值”不会被少数带走？",
        "An object at the edge pulls the mean along. Which kind of middle is not moved by a minority?",
    ),
    "share": (
        "背景对了，份额不对（最多差 0.04）。每个像素都问一句：它最接近哪种颜色？",
        "The background is right, the share is not (it may be off by 0.04). Ask of each pixel which colour it is "
        "nearest to.",
    ),
    "exact": (
        "带噪声的画里，很少有像素正好是那种颜色。不要问“是不是”，要问“最接近哪一种”。",
        "In a noisy picture few pixels have exactly that colour. Do not ask which equal it, but which are "
        "nearest to it.",
    ),
    "no candidate": (
        "背景的像素也被算成了东西：背景色也是候选。",
        "Pixels of the background are counted as objects: its colour is a candidate too.",
    ),
    "any colour": (
        "所有的东西都算进去了，只要指定颜色的。",
        "All objects are counted: only those of the named colour are asked for.",
    ),
    "one object": (
        "同样颜色的东西可能不止一个，要加在一起。",
        "There may be several objects of that colour: take them together.",
    ),
    "percent": (
        "要的是 0 到 1 之间的数，不是百分数，也不是个数。",
        "Wanted is a number from 0 to 1: not per cent, and not a count.",
    ),
    "form": (
        "要返回 [[比例, 下限, 上限], [比例, 下限, 上限], True 或 False]。",
        "Return [[share, low, high], [share, low, high], True or False].",
    ),
    "q5": (
        "不对。先拿一组算比例和区间，一项一项地查；再查 u 的分子和分母。两组的次数可以不同。",
        "Not right. Take one list and check its share and interval term by term, then u. The lists may differ in "
        "length.",
    ),
    "wald": (
        "这是“比例 ± 1.96 倍标准误”。全对的时候它的宽度是 0，所以要用威尔逊的公式。",
        "That is the share ± 1.96 standard errors, of width 0 where all is right. Use Wilson's formula.",
    ),
    "reversed": ("下限和上限的次序反了。", "The low and the high end are in the wrong order."),
    "overlap": (
        "两个区间有重叠，不等于没有差别。要用 u 来判断。",
        "That two intervals overlap does not mean that there is no difference. Let u decide.",
    ),
    "any difference": (
        "比例不相等，可能只是运气。u 离 0 够远才算。",
        "Unequal shares may be luck: u has to be far enough from 0.",
    ),
    "one side": (
        "a 高的时候判断对了；b 高也是差别。",
        "Right where a is the better one. Where b is, that is a difference as well.",
    ),
    "opposite": (
        "判断反了：碰巧解释不了，才是 True。",
        "The verdict is reversed: True says that chance does not explain it.",
    ),
    "unpooled": (
        "u 的分母里只有一个 p：两组合在一起的比例。",
        "There is a single p in the denominator of u: the share in both lists together.",
    ),
    "mean p": (
        "p 不是两个比例的平均：两列放在一起，一共对了几个，除以一共几个。",
        "p is not the mean of the two shares: put both lists together, and divide how many are right by how many there "
        "are.",
    ),
    "q3": (
        "不对。取 steps = 2，把每一步的 t、现在的 ᾱ、下一级的 ᾱ 写下来，和题目里的例子比一比。",
        "Not right. With steps = 2 write down t, ᾱ now and ᾱ next at each step, and compare with the question's "
        "example.",
    ),
    "negative index": (
        "最后一步，下一级的序号小于 0。Python 的负序号从表的另一头数起，取到了噪声最大的几级。",
        "In the last step the next level is below 0, and a negative index counts from the other end: the "
        "noisiest levels.",
    ),
    "clean end": (
        "最后一步走到第 0 级：那里的 ᾱ 在表里，不是 1。",
        "The last step goes to level 0, whose ᾱ is in the table: it is not 1.",
    ),
    "no offset": ("每一级都差了 1。", "Every level is off by 1."),
    "neighbour": (
        "下一级不是 t−1：一步要跨过一个间隔。",
        "The next level is not t − 1: a step crosses a whole stride.",
    ),
    "upwards": ("次序反了：从噪声最大的一级开始。", "The wrong order: begin at the noisiest level."),
    "one short": (
        "少走了一步。一共要走 steps 步，最后走到第 0 级。",
        "One step is missing. There are steps of them, and the last goes to level 0.",
    ),
    "stride": (
        "间隔不对：级数除以步数，先只取整数部分，再去乘 k；不四舍五入，也不进一。",
        "The stride is wrong: levels divided by steps, and only the whole part is taken, before k comes in. It is not "
        "rounded to the nearest, and not up.",
    ),
    "no guidance": (
        "引导没有用上：每一步要猜两次，再用 g。",
        "There is no guidance: each step takes two guesses, and then g.",
    ),
    "roles": ("提示词和反向提示词弄反了。", "The prompt and the negative prompt are swapped."),
    "once": (
        "噪声好像只猜了一次。每一步都要用这一步的 x 重新猜。",
        "The noise seems to be guessed only once. Guess again at each step, from the x of that step.",
    ),
}


def _normal(rng, shape, spread=1.0):
    return np.array([rng.gauss(0, spread) for _ in range(math.prod(shape))]).reshape(shape)


def _any_shape(rng):
    return rng.choice([(5,), (2, 3), (3, 2, 2), (4, 2, 3), (6, 1, 2), (2, 3, 2, 2)])


def _shape(value):
    """Nested lists with None for each number; what is neither stays as it is."""
    if type(value) is list:
        return [_shape(one) for one in value]
    return None if type(value) in (int, float) else value


def _judge_latents(function, cases, otherwise):
    """`diagnose` for cases (arguments, right array, {mistake: arrays}), after a look at shapes and nan."""
    answers = function.each([(arguments, {}) for arguments, _, _ in cases[:6]])
    for (arguments, _, _), answer in zip(cases, answers, strict=False):
        expect(_shape(answer) == _shape(arguments[0]), t(*HINTS["shape"]))
        expect(bool(np.isfinite(np.array(answer, float)).all()), t(*HINTS["nan"]))
    ready = []
    for arguments, right, mistakes in cases:
        named = {mistake: [array.tolist() for array in arrays] for mistake, arrays in mistakes.items()}
        named["rounded"] = [right.round(digits).tolist() for digits in range(4)]
        ready.append((arguments, right.tolist(), named))
    diagnose(function, ready, HINTS, otherwise, NEAR)


def _mix(x0, noise, a):
    return math.sqrt(a) * x0 + math.sqrt(1 - a) * noise


@question("diffusion.q1", answer="noised", kind="function")
def q1(noised, rng):
    _judge_latents(noised, [_noised_case(rng, whole=number == 0) for number in range(24)], "q1")


def _noised_case(rng, whole):
    levels = rng.choice([3, 8, 50, 120])
    betas = [rng.uniform(0.2, 2) / (levels + 2) for _ in range(levels)]
    at = rng.choice([0, levels - 1, rng.randrange(levels)])
    x0 = _normal(rng, _any_shape(rng), 2)
    x0 = x0.round().astype(int) if whole else x0
    noise = _normal(rng, x0.shape)
    left = np.exp(np.cumsum(np.log1p(-np.array(betas))))
    a = left[at]
    usual = np.cumprod(1 - np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2)
    mistakes = {
        "before": [_mix(x0, noise, left[at - 1] if at else 1.0)],
        "own level": [_mix(x0, noise, 1 - betas[at]), _mix(x0, noise, betas[at])],
        "betas": [_mix(x0, noise, math.prod(betas[: at + 1]))],
        "all levels": [_mix(x0, noise, left[-1])],
        "sum": [_mix(x0, noise, max(0.0, 1 - sum(betas[: at + 1])))],
        "no root": [a * x0 + (1 - a) * noise, a * x0 + math.sqrt(1 - a) * noise, math.sqrt(a) * x0 + (1 - a) * noise],
        "weights": [_mix(noise, x0, a)],
        "fixed": [_mix(x0, noise, usual[at])],
    }
    return (x0.tolist(), noise.tolist(), betas, at), _mix(x0, noise, a), mistakes


@question("diffusion.q2", answer="ddim_step", kind="function")
def q2(ddim_step, rng):
    _judge_latents(ddim_step, [_step_case(rng, last=number % 6 == 5) for number in range(24)], "q2")


def _step_case(rng, last):
    a = rng.uniform(0.02, 0.9)
    then = 1.0 if last else rng.uniform(a, 1)
    x = _normal(rng, _any_shape(rng), 2)
    noise = _normal(rng, x.shape)

    def step(a, then):  # x and the noise, each with its weight in the result
        ratio = math.sqrt(then / a)
        return ratio * x + (math.sqrt(1 - then) - ratio * math.sqrt(1 - a)) * noise

    original, straight, back = step(a, 1.0), (x - (1 - a) * noise) / a, math.sqrt(1 - then) * noise
    mistakes = {
        "original": [original],
        "no noise": [math.sqrt(then) * original],
        "old noise": [math.sqrt(then) * original + math.sqrt(1 - a) * noise],
        "levels": [step(then, a)],
        "undivided": [math.sqrt(then) * (x - math.sqrt(1 - a) * noise) + back],
        "clipped": [math.sqrt(then) * original.clip(-1, 1) + back],
        "beta": [step(1 - a, 1 - then)],
        "no root": [then * straight + (1 - then) * noise, then * original + (1 - then) * noise],
    }
    return (x.tolist(), noise.tolist(), a, then), step(a, then), mistakes


@question("diffusion.q3", answer="paint", kind="function")
def q3(paint, rng):
    _judge_latents(paint, [_paint_case(rng, unwanted=number % 2 == 1) for number in range(24)], "q3")


def _paint_case(rng, unwanted):
    levels, steps = rng.randint(40, 130), rng.choice([1, 2, 3, 5, 8, 12])
    if rng.random() < 0.2:  # every level is used
        levels, steps = 10, rng.randint(6, 9)
    betas = np.linspace(rng.uniform(0.02, 0.04), rng.uniform(0.25, 0.35), levels) ** 2 * 100 / max(levels, 40)
    table = np.cumprod(1 - betas).tolist()
    prompt, negative = ([rng.choice([0.0, rng.uniform(-2, 2)]), rng.uniform(0.3, 1.5)] for _ in range(2))
    base = negative if unwanted else EMPTY
    g = rng.choice([0, 1.0, rng.uniform(0.2, 0.9), rng.uniform(1.5, 4)])
    noise = _normal(rng, _any_shape(rng))
    stride = levels // steps
    at = [stride * k + 1 for k in reversed(range(steps))]
    path = [(table[i], table[max(i - stride, 0)]) for i in at]

    def line(a, which):
        """The perfect guess of the noise is a straight line in x: its slope and where it starts."""
        mean, spread = which
        slope = math.sqrt(1 - a) / (a * spread**2 + 1 - a)
        return slope, -slope * math.sqrt(a) * mean

    def end(path, told=prompt, base=base, g=g, x=noise):
        for a, then in path:
            (slope, start), (other, begin) = line(a, told), line(a, base)
            slope, start = other + g * (slope - other), begin + g * (start - begin)
            ratio = math.sqrt(then / a)
            weight = math.sqrt(1 - then) - ratio * math.sqrt(1 - a)
            x = (ratio + weight * slope) * x + weight * start
        return x

    def strides(length):
        """Where the loop ends with strides of this length, whole or not; a level beyond the table is its last."""
        stops = [min(int(length * k) + 1, levels - 1) for k in reversed(range(steps))]
        for nexts in ([*stops[1:], 0], [max(int(stop - length), 0) for stop in stops]):
            yield end([(table[i], table[j]) for i, j in zip(stops, nexts, strict=True)])

    earlier = [table[i - 1] for i in at]
    exact = levels / steps
    mistakes = {
        "negative index": [end([*path[:-1], (path[-1][0], table[at[-1] - stride])])],
        "clean end": [end([*path[:-1], (path[-1][0], 1.0)])],
        "no offset": [end([*zip(earlier, [*earlier[1:], then], strict=True)]) for then in (earlier[-1], 1.0)],
        "neighbour": [end([(a, then) for (a, _), then in zip(path, earlier, strict=True)])],
        "upwards": [end(path[::-1])],
        "one short": [end(path[:-1]), end(path[1:])],
        "stride": [one for length in (round(exact), math.ceil(exact), exact) for one in strides(length)],
        "no guidance": [end(path, g=1.0), end(path, g=0.0)],
        "negative ignored": [end(path, base=EMPTY)],
        "roles": [end(path, base, prompt)],
        "from told": [end(path, g=g + 1)],
        "bounded": [end(path, g=min(g, 1))],
        "once": [_once(noise, path, [line(path[0][0], which) for which in (base, prompt)], g)],
    }
    arguments = (noise.tolist(), table, steps, prompt, g, *([negative] if unwanted else []))
    return arguments, end(path), mistakes


def _once(x, path, lines, g):
    """Where the loop ends if the noise is guessed at the first step only."""
    base, told = (slope * x + start for slope, start in lines)
    guess = base + g * (told - base)
    for a, then in path:
        x = _mix((x - math.sqrt(1 - a) * guess) / math.sqrt(a), guess, then)
    return x


# pictures where things cover most of two edges, whichever, or three corners: who looks at some of the edges is fooled
ASIDE = [(x, y) for x in (0.2, 0.8) for y in (0.2, 0.8)]
ACROSS = [[(0.5, 0), (0.5, 1)], [(0, 0.5), (1, 0.5)]]
EDGES = ("aside", "across", "cornered")


@question("diffusion.q4", answer="describe", kind="function")
def q4(describe, rng):
    plain = ("large", "two", "alike", "absent", "cornered", "corners", "small", "white")
    places = [(kind, None) for kind in plain] + [("aside", at) for at in ASIDE] + [("across", at) for at in ACROSS]
    kinds = [kind for kind, _ in places]
    cases = [_picture_case(rng, kind, at) for kind, at in places]
    answers = describe.each([((picture, colour), {}) for picture, colour, _, _ in cases])
    for answer in answers:
        expect(type(answer) is list and [type(x) for x in answer] in ([str, float], [str, int]), t(*HINTS["q4"]))
        expect(answer[0] in BACKGROUNDS, t(*HINTS["q4"]))
        expect(not answer[1] > 1, t(*HINTS["percent"]))
    for part, otherwise in enumerate(("background", "share")):
        given, truths = [answer[part] for answer in answers], [case[2][part] for case in cases]
        if not close(given, truths, SHARE):
            for mistake in cases[0][3][part]:
                expect(not close(given, [case[3][part][mistake] for case in cases], SHARE), t(*HINTS[mistake]))
            at_edges = all(a == b or kind in EDGES for a, b, kind in zip(given, truths, kinds, strict=True))
            expect(part == 1 or not at_edges, t(*HINTS["some edges"]))
            expect(False, t(*HINTS[otherwise]))


def _nearest(colour, names):
    return min(names, key=lambda name: math.dist(names[name], colour))


def _cover(scene, cut):
    """How much of each pixel the objects of a scene, all of one colour, cover."""
    ground, paint = (np.array(c, float) for c in (BACKGROUNDS[scene.background], COLOURS[scene.objects[0].colour]))
    return (draw(scene)[cut] - ground) @ (paint - ground) / ((paint - ground) @ (paint - ground))


def _nearest_each(picture, names):
    return ((picture[:, :, None] - np.array([*names.values()])) ** 2).sum(-1).argmin(-1)


def _seen(lines):
    """The background as some edges show it."""
    return _nearest(np.median(np.concatenate(lines), 0), BACKGROUNDS)


def _picture_case(rng, kind, where=None):
    """A drawn scene, blurred and noised as if painted: (picture, colour, (background, share), the same by mistake)."""
    while True:
        scene = _scene(rng, kind, where)
        least = SIDE if kind in ("across", "cornered") else 52
        height, width = rng.randint(least, SIDE), rng.randint(least, SIDE)
        top, left = rng.randint(0, SIDE - height), rng.randint(0, SIDE - width)
        cut = (slice(top, top + height), slice(left, left + width))
        clean, ground, first = draw(scene)[cut], scene.background, scene.objects[0].colour
        lure = _nearest(BACKGROUNDS[ground], COLOURS)
        colour = lure if kind == "absent" else first
        numbers = np.random.default_rng(rng.getrandbits(32))
        blurred = np.asarray(Image.fromarray(clean).filter(ImageFilter.GaussianBlur(0.6)), float)
        picture = (blurred + numbers.uniform(-6, 6, 3) + numbers.normal(0, 10, blurred.shape)).round().clip(0, 255)
        if kind == "corners":
            other = rng.choice([name for name in BACKGROUNDS if name != ground])
            picture[[0, 0, -1, -1], [0, -1, 0, -1]] = BACKGROUNDS[other]
        edge = np.ones((height, width), bool)
        edge[2:-2, 2:-2] = False
        rim = clean[edge]
        lines = [picture[0], picture[-1], picture[:, 0], picture[:, -1]]
        covers = [_seen([line]) != ground for line in lines]  # half of which edges
        threes = [_seen(lines[:i] + lines[i + 1 :]) != ground for i in range(4)]  # and of which three together
        steady = _nearest(np.concatenate(lines).mean(0), BACKGROUNDS) == _nearest(rim.mean(0), BACKGROUNDS)
        covered = [(one.colour, float(_cover(Scene(ground, (one,)), cut).mean())) for one in scene.objects]
        mine = [share for c, share in covered if c == colour]
        found = _nearest_each(picture, {**COLOURS, ground: BACKGROUNDS[ground]}) == [*COLOURS].index(colour)
        fooled = {  # who falls into the trap of this kind of picture
            "aside": sum(covers) == 2 and steady and _nearest(rim.mean(0), BACKGROUNDS) != ground,
            "across": sum(covers) == sum(threes) == 2,
            "large": _nearest(COLOURS[first], BACKGROUNDS) != ground,
            "cornered": steady and _nearest(COLOURS[first], BACKGROUNDS) != ground,
            "absent": lure != first,
        }
        plain = float((rim == BACKGROUNDS[ground]).all(-1).mean()) > (0.57 if kind == "across" else 0.62)
        readable = abs(float(found.mean()) - sum(mine)) < SHARE / 2  # blurred edges have cost no more
        if plain and readable and fooled.get(kind, True):
            break
    everything = sum(share for _, share in covered)
    backgrounds = {
        "corner": _nearest(picture[0, 0], BACKGROUNDS),
        "most": _nearest(COLOURS[first], BACKGROUNDS) if everything > 0.5 else ground,
        "mean": _nearest(rim.mean(0), BACKGROUNDS),
    }
    shares = {
        "exact": float((picture == COLOURS[colour]).all(-1).mean()),
        "no candidate": float((_nearest_each(picture, COLOURS) == [*COLOURS].index(colour)).mean()),
        "any colour": everything,
        "one object": max(mine, default=0.0),
    }
    return picture.astype(int).tolist(), colour, (ground, sum(mine)), (backgrounds, shares)


def _scene(rng, kind, where):
    """A scene with a trap: an object that fills most of it, things that cover the edges `where`, and so on."""

    def thing(x, y, size, colour, shapes=SHAPES):
        return Thing(rng.choice(shapes), colour, x + rng.uniform(-0.03, 0.03), y + rng.uniform(-0.03, 0.03), size)

    # across: a background far from the others, for just over half of the edges shows it
    some = {"aside": ["white"], "white": ["white"], "across": ["black", "grey"]}.get(kind, list(BACKGROUNDS))
    ground = rng.choice(some)
    first, second = rng.sample(list(COLOURS), 2)
    if kind == "large":
        return Scene(ground, (thing(0.5, 0.5, rng.uniform(0.44, 0.46), first, ("square",)),))
    if kind in ("two", "alike"):
        colours = (first, second if kind == "two" else first)
        places = rng.choice([((0.26, 0.5), (0.74, 0.5)), ((0.5, 0.26), (0.5, 0.74))])
        pairs = zip(places, colours, strict=True)
        return Scene(ground, tuple(thing(*place, 0.2, one, ("circle", "square")) for place, one in pairs))
    if kind == "aside":
        return Scene(ground, (thing(*where, 0.42, first, ("square",)),))
    if kind == "across":
        return Scene(ground, tuple(thing(*place, 0.48, first, ("square",)) for place in where))
    if kind == "cornered":
        corners = rng.sample([(0.04, 0.04), (0.96, 0.04), (0.04, 0.96), (0.96, 0.96)], 3)
        return Scene(ground, tuple(thing(*place, 0.16, first, ("square",)) for place in corners))
    return Scene(ground, (thing(0.5, 0.5, 0.16 if kind == "small" else rng.uniform(0.27, 0.37), first),))


@question("diffusion.q5", answer="compare", kind="function")
def q5(compare, rng):
    answer = compare([1, 1, 0, 1], [0, 1, 1])
    right = type(answer) is list and _shape(answer[:2]) == [[None] * 3] * 2 and [type(x) for x in answer[2:]] == [bool]
    expect(right, t(*HINTS["form"]))
    wanted, cases = {"alike": 2, "mean p": 2, "overlap": 3, "luck": 3, "a": 2, "b": 2, "pooled": 2, "unequal": 2}, []
    while any(wanted.values()):
        kind, case = _luck_case(rng, rare=wanted["mean p"] > 0)
        if wanted.get(kind):
            wanted[kind] -= 1
            cases.append(case)
    diagnose(compare, cases, HINTS, "q5", NEAR)
    for bit in (0, 1):
        expect(
            compare([bit] * 3, [bit] * 2)[2] is False,
            t(
                "两边都全对，或者都全错，就没有差别：最后一样是 False。",
                "All right on both sides, or all wrong: no difference, so the last is False.",
            ),
        )


def _error(sizes, p):
    """The standard error of the difference of two shares, if p is the share in both lists together."""
    return math.sqrt(p * (1 - p) * sum(1 / n for n in sizes))


def _z(apart, error):
    return apart / error if error else math.copysign(9, apart) * (apart != 0)


def _counts(rng, rare):
    """(sizes, hits, shares). rare: with the mean of the two shares in place of p the verdict is another."""
    while True:
        sizes = rng.sample([rng.randint(8, 14), rng.randint(45, 60)], 2) if rare else [rng.randint(8, 60) for _ in "ab"]
        hits = [rng.randint(0, n) for n in sizes] if rare or rng.random() < 0.8 else rng.choice([sizes, [0, 0]])
        shares = [k / n for k, n in zip(hits, sizes, strict=True)]
        z, z_mean = (_z(shares[0] - shares[1], _error(sizes, p)) for p in (sum(hits) / sum(sizes), sum(shares) / 2))
        if not rare or (abs(z) > 1.96) != (abs(z_mean) > 1.96):
            return sizes, hits, shares


def _luck_case(rng, rare=False):
    """(what is special about it, case)."""
    sizes, hits, shares = _counts(rng, rare)
    lists = [rng.sample([1] * k + [0] * (n - k), n) for k, n in zip(hits, sizes, strict=True)]
    p = sum(hits) / sum(sizes)
    error = _error(sizes, p)
    even = math.sqrt(p * (1 - p) * 4 / sum(sizes))  # as if both lists were equally long
    own = math.sqrt(sum(s * (1 - s) / n for s, n in zip(shares, sizes, strict=True)))
    apart = shares[0] - shares[1]
    z, z_own, z_even, z_mean = (_z(apart, e) for e in (error, own, even, _error(sizes, sum(shares) / 2)))

    def ends(share, n, z=1.96):  # where (share - p)² = z² p (1 - p) / n
        return sorted(np.roots([1 + z * z / n, -2 * share - z * z / n, share * share]).real.tolist())

    def around(share, n, z=1.96):
        half = z * math.sqrt(share * (1 - share) / n)
        return [share - half, share + half]

    rows = [[s, *ends(s, n)] for s, n in zip(shares, sizes, strict=True)]
    wald = [[s, *around(s, n)] for s, n in zip(shares, sizes, strict=True)]
    overlap = rows[0][1] <= rows[1][2] and rows[1][1] <= rows[0][2]
    differ = abs(z) > 1.96
    near = any(abs(abs(one) - 1.96) < 0.03 for one in (z, z_own, z_even)) or abs(abs(z_mean) - 1.96) < 0.003
    kinds = {
        "alike": not error,
        "mean p": differ != (abs(z_mean) > 1.96),
        "pooled": differ != (abs(z_own) > 1.96),
        "unequal": differ != (abs(z_even) > 1.96),
        "overlap": differ and overlap,
        "luck": not differ and abs(z) > 0.3,
        "a": z > 2.2,
        "b": z < -2.2,
    }
    mistakes = {
        "wald": [[*wald, differ], [*wald, abs(z_own) > 1.96]],
        "reversed": [[*([s, high, low] for s, low, high in rows), differ]],
        "overlap": [[*rows, not overlap]],
        "any difference": [[*rows, apart != 0]],
        "one side": [[*rows, z > 1.96]],
        "opposite": [[*rows, not differ]],
        "unpooled": [[*rows, abs(z_own) > 1.96]],
        "mean p": [[*rows, abs(z_mean) > 1.96]],
        "percent": [[*([100 * x for x in row] for row in rows), differ]],
        "rounded": [[*([round(x, digits) for x in row] for row in rows), differ] for digits in range(1, 4)],
    }
    return "" if near else next((k for k, yes in kinds.items() if yes), ""), (tuple(lists), [*rows, differ], mistakes)
