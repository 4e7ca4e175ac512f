"""Checks of the lab `serving`. Oracles: NumPy arrays as large as the cache, exact fractions for cards and prices, the
properties of a quantiser (range, scales, error, symmetry), and for the response cache the rule itself, pair by pair.
"""

import math
from fractions import Fraction

import numpy as np

from aigc_course.checks import close, diagnose, expect, in_form, question
from aigc_course.i18n import t

BYTES = {"bf16": 2, "fp8": 1, "int8": 1, "int4": Fraction(1, 2)}
VERDICTS = ("format", "uneven", "small", "exact", "spare")
MORE = {5: [(1.05, 1.065), (1.08, 1.1)], 6: [(1.003, 1.008)]}  # times what the cards hold
CHOICES = ("own", "busier", "api")

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
HINTS = {
    "number": ("要返回一个数：一个 token 占多少字节。", "Return one number: the bytes of a token."),
    "q1": (
        "不对。拿题目里的 8B 模型在纸上算：32 层，8 组，每组 128 个数，键和值两份，每个数 16 位。",
        "Not right. Work out the 8B model of the example on paper: 32 layers, 8 groups of 128 numbers, keys and "
        "values, 16 bits each.",
    ),
    "bits": ("这是位数，不是字节：8 位是一个字节。", "That is bits, not bytes: 8 bits are one byte."),
    "count": (
        "这是几个数，还没有换成字节：每个数占 bits 位，8 位一个字节。",
        "That is how many numbers there are, not yet bytes: each takes `bits` bits, and 8 bits are a byte.",
    ),
    "always 16": ("每个数总当作 2 个字节了：要看 bits。", "Every number counts as 2 bytes: it depends on `bits`."),
    "whole": (
        "字节数取整太早了：4 位的数是半个字节。先乘完，再除以 8。",
        "Rounded to whole bytes too early: a number of 4 bits is half a byte. Multiply first, then divide by 8.",
    ),
    "one half": (
        "键和值要各留一份：普通注意力和 GQA 要乘以 2。",
        "Keys and values are kept: MHA and GQA take × 2.",
    ),
    "layers": ("只算了一层：每一层都有自己的缓存。", "That is one layer: each layer has a cache of its own."),
    "heads": (
        "GQA 算错了：几个头合用一份，要数的是组（num_key_value_heads），不是头。",
        "Wrong for GQA: several heads share, so count groups (num_key_value_heads), not heads.",
    ),
    "mha": (
        "没有写 num_key_value_heads 的模型，每个头各留各的：组数就是头数。",
        "Where a model does not say num_key_value_heads each head keeps its own: as many groups as heads.",
    ),
    "head_dim": (
        "写了 head_dim 的模型，要用写的：它不一定等于宽度除以头数。",
        "Where a model says head_dim, take that: it need not be the width divided by the heads.",
    ),
    "own width": (
        "写了 head_dim 的模型，要用写的，没有写 num_key_value_heads 的也一样：MHA 留的不一定是 2 × 宽度。",
        "Where a model says head_dim, take that, even where it does not say num_key_value_heads: MHA need not keep "
        "2 × width.",
    ),
    "mla as mha": (
        "MLA 算错了：有 kv_lora_rank 的模型不留键和值，哪怕它也写着 num_key_value_heads。",
        "Wrong for MLA: a model with kv_lora_rank keeps no keys and values, even if it has num_key_value_heads too.",
    ),
    "mla twice": (
        "MLA 不用乘以 2：只留一个压缩的向量，键和值都由它展开。",
        "MLA takes no × 2: one compressed vector is kept, and keys and values are both made from it.",
    ),
    "no rope": (
        "MLA 还要留一小段位置：qk_rope_head_dim 个数。",
        "MLA keeps a short part for the position as well: qk_rope_head_dim numbers.",
    ),
    "mla heads": (
        "MLA 的向量所有的头合用一个，不用乘以头数。",
        "In MLA all heads share one vector: do not multiply by their number.",
    ),
    "row form": (
        "要返回两样东西的列表：[至少几张, 判词]，张数是整数，判词是表里五个词之一。",
        "Return a list of two: [fewest cards, verdict]. The cards are a whole number, the verdict one of the five "
        "words of the table.",
    ),
    "q2": (
        "不对。拿显示的那一行在纸上算：权重几 GB，缓存几 GB，一张卡能用几 GB？",
        "Not right. Take the row shown and a sheet of paper: how many GB of weights, of cache, to use on a card?",
    ),
    "least": (
        "判词都对，张数不对。放得下的最少张数要在 allowed 里挑；没有就写 0。",
        "The verdicts are right, the numbers of cards are not: the fewest in `allowed` that it fits, or 0.",
    ),
    "verdict": (
        "张数都对，判词不对。五个判词从上往下看，用第一个符合的。",
        "The numbers of cards are right, the verdicts are not. Go down the five and take the first that applies.",
    ),
    "no cache": (
        "只算了权重。每个用户的每个 token 还要占 kv_bytes 个字节。",
        "Only weights are counted. Each token of each user takes kv_bytes as well.",
    ),
    "no weights": ("只算了缓存，忘了权重。", "Only the cache is counted: the weights are missing."),
    "one user": (
        "缓存只算了一个用户的：每个用户都有自己的一份。",
        "That is the cache of one user: each has a part of their own.",
    ),
    "not shared": (
        "缓存也分给各张卡：权重和缓存加起来，一共要放进 n 张卡里。",
        "The cache is shared among the cards too: weights and cache together go into n cards.",
    ),
    "no reserve": (
        "忘了余量：每张卡只有 1 − reserve 那么多可用。",
        "The reserve is missing: of each card only 1 − reserve can be used.",
    ),
    "reserve added": (
        "余量是卡的内存的一成，不是模型的一成：可用的是 gb × (1 − reserve)。",
        "The reserve is a share of the card, not of the model: gb × (1 − reserve) can be used.",
    ),
    "reserve once": ("余量每张卡都要留，不是只留一次。", "Every card keeps its reserve, not only one."),
    "gib": (
        "GB 是 10⁹ 字节，卡商这样数，不是 1024³。",
        "A GB is 10⁹ bytes, as the makers of cards count, not 1024³.",
    ),
    "two bytes": (
        "权重总当作 2 个字节了：看 row 的 form，用 BYTES 查。",
        "Weights always count 2 bytes here: look `form` of the row up in BYTES.",
    ),
    "one byte": (
        "权重总当作 1 个字节了：看 row 的 form，用 BYTES 查。",
        "Weights always count 1 byte here: look `form` of the row up in BYTES.",
    ),
    "cache in form": (
        "缓存不跟着权重的格式变：kv_bytes 已经是字节了。",
        "The cache does not follow the format of the weights: kv_bytes is in bytes already.",
    ),
    "any number": (
        "张数是光看内存算的：只能用 allowed 里的张数。",
        "That is the number by memory alone: only those in `allowed` may be used.",
    ),
    "powers": ("allowed 不一定是 1、2、4、8……：用给的。", "`allowed` need not be 1, 2, 4, 8 …: use what is given."),
    "full": ("刚好放满，也算放得下。", "Exactly full still fits."),
    "format ignored": (
        "卡不会用这种格式算（form 不在 formats 里），判词就是“format”，张数是 0。",
        "Where the card cannot compute in this format (form is not among formats) it is “format”, with 0 cards.",
    ),
    "format least": (
        "判词是“format”时，张数写 0：这种卡有多少张都不行。",
        "With the verdict “format” the number of cards is 0: no number of these would do.",
    ),
    "uneven ignored": (
        "张数不在 allowed 里，判词就是“uneven”，放不放得下都一样。",
        "A number of cards that is not in `allowed` is “uneven”, whether it would fit or not.",
    ),
    "small first": (
        "次序不对：先看张数在不在 allowed 里，再看放不放得下。",
        "The wrong order: first whether the number is in `allowed`, then whether it fits.",
    ),
    "spare": (
        "放得下，可是少一点也放得下：判词是“spare”，不是“exact”。",
        "It fits, but fewer would do as well: that is “spare”, not “exact”.",
    ),
    "whole GB": (
        "不要先取整：差不到 1 GB，也可能就放不下。",
        "Do not round to whole GB: less than one may decide whether it fits.",
    ),
    "none": ("allowed 里没有一个放得下时，张数写 0。", "Where nothing in `allowed` is enough, the number is 0."),
    "quantise form": (
        "要返回三样东西的列表：[整数, 比例, 还原]。整数和还原是和 rows 一样大的表，比例一行一个。",
        "Return a list of three: [whole numbers, scales, restored]. The first and the last are tables as large as "
        "rows; there is one scale for each row.",
    ),
    "nan": (
        "结果里有 nan 或无穷。是不是有一行全是 0，除以了 0？",
        "There is a nan or an infinity in the result. Was a row all zeros, and divided by 0?",
    ),
    "not whole": (
        "第一张表里要是整数（3，不是 3.0，也不是 3.2）：round(x) 给出整数，张量用 .round().int()。",
        "The first table wants whole numbers (3, not 3.0 or 3.2): round(x) gives one, a tensor has .round().int().",
    ),
    "zero row": (
        "全是 0 的一行，整数和还原都该是 0。",
        "A row of zeros has zeros for whole numbers, and zeros again when restored.",
    ),
    "128": (
        "最大的整数是 2^(bits−1) − 1，8 位是 127 不是 128：两边要一样远，−128 不用。",
        "The largest whole number is 2^(bits−1) − 1, for 8 bits 127 and not 128: both sides reach equally far, and "
        "−128 is not used.",
    ),
    "always 127": (
        "8 位时对，别的位数不对：最大的整数是 2^(bits−1) − 1。",
        "Right for 8 bits only: the largest whole number is 2^(bits−1) − 1.",
    ),
    "all bits": (
        "一位要留给正负号：最大的整数是 2^(bits−1) − 1，不是 2^bits − 1。",
        "One bit is for the sign: the largest whole number is 2^(bits−1) − 1, not 2^bits − 1.",
    ),
    "one scale": (
        "所有的行用了同一个比例：每行各有各的。",
        "All rows have the same scale: each should have its own.",
    ),
    "no abs": (
        "有的行最大的是负数：找的是**绝对值**最大的。",
        "In some rows the largest is negative: it is the largest **absolute** value that counts.",
    ),
    "upside down": (
        "比例反了：比例是一格有多大，也就是最大的绝对值除以最大的整数。",
        "The scale is upside down: it is the size of a step, the largest absolute value divided by the largest whole "
        "number.",
    ),
    "min max": (
        "这是按最小值和最大值分格的量化；这里只看绝对值最大的，0 总是变成 0。",
        "That spreads steps from the smallest to the largest; here only the largest absolute value counts: 0 is 0.",
    ),
    "scale": (
        "比例不对：一行里最大的绝对值，除以最大的整数。",
        "A scale is wrong: the largest absolute value of the row, divided by the largest whole number.",
    ),
    "restored": (
        "还原不对：整数乘以它那一行的比例，不是别的，也不是原来的数。",
        "Restored wrongly: it is the whole number times the scale of its row, and not the original number.",
    ),
    "truncated": (
        "误差超过了半格：是不是把小数部分丢掉了？int() 和 // 都是丢，要用 round()。",
        "An error of more than half a step: is the fraction just cut off? int() and // do that; use round().",
    ),
    "error": (
        "误差超过了半格：每个数应该变成离它最近的整数格。",
        "An error of more than half a step: each number should go to the nearest step.",
    ),
    "symmetric": (
        "不对称：一行的数全变号，整数也该只是变号。floor(x + 0.5) 把正好一半的总往上推；round() 不会。",
        "Not symmetric: with all signs changed the whole numbers should only change signs, too. floor(x + 0.5) always "
        "pushes an exact half upwards; round() does not.",
    ),
    "cache form": (
        "要返回一个列表：每个请求一个 True（用缓存里的）或 False（要算）。",
        "Return a list with True (from the cache) or False (computed) for each request.",
    ),
    "ones": ("对了，可是写的是 0 和 1：要 True 和 False。", "Right, but with 0 and 1: True and False are wanted."),
    "q4": (
        "不对。下面的请求，一个一个地过：它的键是什么？缓存里有没有？是什么时候**算**的？",
        "Not right. Go through the requests below: what is the key, is it in the cache, when was it **computed**?",
    ),
    "inverted": ("反了：True 是不用算的。", "Inverted: True is for those that need not be computed."),
    "leak": (
        "泄密了：有一个人拿到了别人的回复。personal 的问题，键里要有用户。",
        "A leak: somebody gets another person's reply. For a personal question the user belongs into the key.",
    ),
    "too careful": (
        "太小心了：不是 personal 的问题，谁问都一样，可以用别人问出来的回复。",
        "Too careful: the reply to a question that is not personal is the same for all, whoever asked first.",
    ),
    "never personal": (
        "太小心了：personal 的问题，同一个人再问，也可以用缓存里的。",
        "Too careful: a personal question may be answered from the cache where the same person asks it again.",
    ),
    "model": (
        "换了模型，就不是同一个回复：键里要有模型。",
        "Another model gives another reply: the model belongs into the key.",
    ),
    "personal model": (
        "换了模型，就不是同一个回复，personal 的问题也一样：键里要有模型。",
        "Another model gives another reply, and so it does where it is personal: the model belongs into the key.",
    ),
    "warm reads": (
        "温度大于 0 的请求要的是一次新的抽样，不能拿缓存里的给它。",
        "A request with a temperature above 0 wants a new draw: it gets nothing from the cache.",
    ),
    "warm stores": (
        "温度大于 0 的回复是抽样抽出来的，不要存进缓存。",
        "A reply at a temperature above 0 is the luck of a draw: it is not stored.",
    ),
    "warm": (
        "没有看温度：大于 0 的请求既不用缓存，也不存进缓存。",
        "The temperature is not looked at: above 0, a request neither takes from the cache nor stores into it.",
    ),
    "nearly 0": (
        "温度**正好是 0** 才和缓存有关：0.1 也是要抽样的。",
        "Only a temperature of **exactly 0** has to do with the cache: at 0.1 there is a draw, too.",
    ),
    "temperature in key": (
        "把温度放进键里还不够：温度是 1 的问了两次，该抽两次。大于 0 的不用缓存。",
        "The temperature in the key is not enough: asked twice at 1, there should be two draws. Above 0, no cache.",
    ),
    "same second": (
        "算和存不花时间：同一秒里后来的请求，已经能用上前面的。",
        "Computing and storing take no time: a later request within the same second may use the reply already.",
    ),
    "second 0": ("第 0 秒算好的，也是算好了的。", "What was computed in second 0 was computed, too."),
    "no time": (
        "没有看期限：过了 good_for 秒，回复就旧了。",
        "The time is not looked at: after good_for seconds a reply is stale.",
    ),
    "refreshed": (
        "期限从**算出来**那时起数；用了一次缓存，回复并没有变新。",
        "The time counts from when a reply was **computed**: to be used does not make it any newer.",
    ),
    "first only": (
        "过期以后重新算了，就要记下新的时间。",
        "When a stale reply has been computed again, the new time has to be noted.",
    ),
    "at the end": (
        "刚好满 good_for 秒时已经过期：年龄要**小于** good_for。",
        "At exactly good_for seconds it is stale: the age has to be **less** than good_for.",
    ),
    "loose": (
        "问题要一字不差：大小写、空格、标点不一样，就不是同一个问题。",
        "Questions have to be the same to the letter: with other capitals, spaces or marks it is another question.",
    ),
    "joined": (
        "两个不同的请求得了同一个键：字符串首尾相接会撞，“ab”加“c”和“a”加“bc”是一样的。用元组 (a, b) 做键。",
        "Two different requests got the same key: strings put end to end collide, as “ab” + “c” and “a” + “bc” do. "
        "Use a tuple (a, b) for a key.",
    ),
    "cost form": (
        "要返回三样东西的列表：[价钱, 打平的份额, 判词]，判词是“own”、“busier”、“api”之一。",
        "Return a list of three: [price, share that breaks even, verdict]; the verdict is “own”, “busier” or “api”.",
    ),
    "q5": (
        "不对。拿例子在纸上算：一个月有多少秒，全忙的话一共写多少个 token？",
        "Not right. Take the example and a sheet of paper: how many seconds has a month, and how many tokens are "
        "written in it if the cards are always busy?",
    ),
    "verdicts": (
        "数都对，判词不对：现在就比 API 便宜是“own”；全忙才便宜是“busier”；全忙也不便宜是“api”。",
        "The numbers are right, the verdicts are not: “own” where it is cheaper than the API now, “busier” where it "
        "would be if always busy, “api” where not even then.",
    ),
    "break even": (
        "价钱对，打平的份额不对：忙到这个份额时，价钱正好等于 api。和现在忙不忙没有关系。",
        "The price is right, the share is not: busy so much of the time, the price is exactly `api`. How busy it is "
        "now does not matter.",
    ),
    "one speed": (
        "speed 是一个用户的速度：users 个人同时在写。",
        "speed is that of one user, and `users` of them write at once.",
    ),
    "not busy": (
        "没有看 busy：闲着的时候也付租金，写出的 token 却少了。",
        "busy is not looked at: idle cards cost their rent as well, and write fewer tokens.",
    ),
    "busy inverted": (
        "busy 用反了：越闲，写得越少，每个 token 越贵。",
        "busy is the wrong way round: the less work, the fewer tokens, and the dearer each.",
    ),
    "seconds": (
        "差 3600 倍：speed 是每秒的，一小时有 3600 秒。",
        "Off by 3,600: speed is for a second, and an hour has 3,600 of them.",
    ),
    "a day": (
        "这是一天的秒数：month 是 30 天的价钱。",
        "Those are a day's seconds: month is the price of 30 days.",
    ),
    "per token": ("单位是每**一百万**个 token。", "The price is for a **million** tokens."),
    "upside down share": (
        "打平的份额反了：api 越贵，自己的卡越不用忙就能打平。",
        "The share is upside down: the dearer the API, the less busy one's own cards have to be.",
    ),
    "share now": (
        "打平的份额不看现在有多忙：用全忙时的价钱除以 api。",
        "The share does not depend on how busy the cards are now: the price when always busy, divided by api.",
    ),
    "percent": ("份额是 0.3 这样的数，不是 30。", "The share is a number like 0.3, not 30."),
    "capped": (
        "打平的份额可以大于 1：那就是说，全忙也不够。不要改成 1。",
        "The share can be above 1, which says that always busy is not enough. Do not cut it to 1.",
    ),
    "rounded": ("不要四舍五入。", "Do not round."),
}


# ---- 1. the cache of a token ---------------------------------------------------------------------------------------


@question("serving.q1", answer="kv_bytes", kind="function")
def q1(kv_bytes, rng):
    cases = [_config_case(rng, number) for number in range(24)]
    in_form(kv_bytes, cases, lambda answer, _: type(answer) in (int, float), HINTS["number"])
    diagnose(kv_bytes, cases, HINTS, "q1")


def _config_case(rng, number):
    """In turn: grouped heads, each head its own, MLA, grouped heads with a width of their own."""
    kind = number % 4
    layers, groups, shared = rng.randint(10, 80), rng.choice([2, 4, 8]), rng.choice([2, 4, 5, 7])
    heads, dim = groups * shared, rng.choice([64, 80, 128])
    width = heads * dim if kind < 2 else rng.choice([2560, 5120, 7168])
    config = {"hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads}
    latent, rope, given = rng.choice([256, 383, 511]), rng.choice([32, 64]), rng.choice([75, 96, 112])
    if kind == 0:
        config |= {"num_key_value_heads": groups}
    elif kind == 1 and number % 8 == 5:
        config, dim = config | {"head_dim": given}, given
    elif kind == 2:
        config |= {"num_key_value_heads": heads, "head_dim": given, "kv_lora_rank": latent, "qk_rope_head_dim": rope}
        width, dim = heads * dim, given
        if number % 8 == 2:
            del config["num_key_value_heads"]
    elif kind == 3:
        config |= {"num_key_value_heads": groups, "head_dim": given}
        width, dim = width // heads * heads, given
    if kind == 3 and width // heads == given:
        return _config_case(rng, number)
    own = heads if kind == 1 else groups
    bits = (16, 8, 4, 5, 32, 3)[number // 4 % 6]
    parts = [(latent,), (rope,)] if kind == 2 else [(own, dim), (own, dim)]
    cache = sum(np.zeros((layers, *shape), np.uint8).size for shape in parts)  # the cache itself, for one token
    right = cache * bits / 8

    def by(mha=None, gqa=None, own_dim=None, mla=None):
        """The bytes if the numbers kept in a layer were these, for this kind of model."""
        each = {0: gqa, 1: mha, 2: mla, 3: own_dim if own_dim is not None else gqa}[kind]
        return right if each is None else layers * each * bits / 8

    plain, mla, of_width = 2 * own * dim, latent + rope, config["hidden_size"] // heads
    mistakes = {
        "bits": [cache * bits],
        "count": [cache],
        "always 16": [cache * 2],
        "whole": [cache * (bits // 8), cache * max(bits // 8, 1)],
        "one half": [by(plain // 2, plain // 2)],
        "layers": [right / layers],
        "heads": [by(gqa=2 * heads * dim)],
        "mha": [by(mha=2 * one * dim) for one in (0, 1)],
        "own width": [by(mha=2 * heads * of_width)],
        "head_dim": [by(mha=2 * heads * of_width, own_dim=2 * groups * of_width)],
        "mla as mha": [by(mla=2 * heads * dim), by(mla=2 * heads * of_width)],
        "mla twice": [by(mla=2 * mla), by(mla=2 * latent + rope)],
        "no rope": [by(mla=latent)],
        "mla heads": [by(mla=mla * heads), by(mla=latent + heads * rope)],
    }
    return (config, bits), right, mistakes


# ---- 2. a row of a deployment table --------------------------------------------------------------------------------


@question("serving.q2", answer="judge_row", kind="function")
def q2(judge_row, rng):
    cases = [_row_case(rng, number) for number in range(47)]

    def has_form(answer, _):
        two = type(answer) is list and len(answer) == 2 and answer[1] in VERDICTS
        return two and type(answer[0]) in (int, float, type(None))

    answers = in_form(judge_row, cases, has_form, HINTS["row form"])
    rights = [right for _, right, _ in cases]
    words, numbers = ([a[i] for a in answers] == [right[i] for right in rights] for i in (1, 0))
    diagnose(judge_row, cases, HINTS, "least" if words else "verdict" if numbers else "q2")


def _row_case(rng, number):
    """A row for each verdict in turn. Of every eight: one exactly full, one a little too small, one a little more, one
    too small for the largest number allowed, and one where an uneven number would not be enough either. The last ones
    lie between two mistakes that are much alike, or turn on less than 1 GB."""
    verdict, kind = VERDICTS[number % 5], number % 8
    while True:
        form = rng.choice([*BYTES])
        able = [f for f in BYTES if f != form and rng.random() < 0.6] + [form] * (verdict != "format")
        allowed = rng.choice([[1, 2, 4, 8, 16, 32], [2, 4, 8], [1, 2, 3, 6, 12, 24], [8, 16, 24, 32], [4, 8, 16, 64]])
        gb, reserve = rng.choice([24, 48, 64, 80, 96, 141]), rng.choice([0.05, 0.1, 0.1, 0.2])
        parameters, kv = rng.randint(60, 7000) * 10**8, rng.randint(40, 500) * 1000
        users, tokens = rng.randint(8, 160), rng.choice([2048, 4096, 8192, 32_768])
        if kind == 7:  # full, in numbers that floating point has exactly
            gb, reserve, kv, users, tokens = rng.choice([24, 48, 64, 80]), 0.25, 100_000, 10, 10_000
            n = rng.choice([n for n in allowed if n & (n - 1) == 0])
            parameters = int((n * gb * 3 // 4 - 10) / BYTES[form]) * 10**9
        elif number in (41, 43, 44):  # less than 1 GB too much or too little: two cards have 43.2 GB to use
            allowed, gb, reserve, kv, users, tokens = [1, 2, 3, 6, 12, 24], 24, 0.1, 100_000, 10, 10_000
            need = rng.uniform(42.3, 42.9) if number == 41 else rng.uniform(43.3, 43.45)
            parameters = int((need - 10) * 1e9 / BYTES[form])
        elif number == 42:  # without any cache on 3 cards, with that of one user on 6, with all on 12
            allowed, gb, reserve, kv, users, tokens = [1, 2, 3, 6, 12, 24], 24, 0.1, 100_000, 10, 100_000
            parameters = int(rng.uniform(58, 62) * 1e9 / BYTES[form])
        elif number == 46:  # without any reserve on 2 cards, with one or two on 4
            allowed, gb, reserve, kv, users, tokens = [2, 4, 8], 80, 0.1, 100_000, 10, 10_000
            parameters = int(rng.uniform(143, 149) * 1e9 / BYTES[form])
        elif kind in (5, 6):
            reserve, more = rng.choice([0.1, 0.2]), rng.uniform(*MORE[kind][number // 8 % len(MORE[kind])])
            need = rng.choice(allowed) * gb * 1e9 * (1 - reserve) * more
            parameters = int((need - users * tokens * kv) / BYTES[form])
        model = {"parameters": parameters, "kv_bytes": kv}
        wanted = {"users": users, "tokens": tokens, "reserve": reserve, "allowed": allowed}
        cards = rng.choice([*allowed, *allowed, rng.randint(1, 40)])
        row = {"cards": cards, "gb": gb, "form": form, "formats": able}
        given = row, model, wanted
        share = float((parameters * BYTES[form] + users * tokens * kv) / (gb * (1 - Fraction(str(reserve))) * 10**9))
        near = min(abs(share / n - 1) for n in (*allowed, cards, max(round(share), 1)))
        right = _judged(*given)
        wish = right[1] == verdict and (kind == 7 or near > 1e-3) and parameters > 0 and share < 80
        if kind == 4 and verdict in ("uneven", "small"):
            wish = wish and not right[0]
        elif kind == 3 and verdict == "uneven":
            wish = wish and share > cards
        elif number == 10:  # uneven as well
            wish = wish and cards not in allowed
        elif number in (4, 9):  # spare, but not twice as many as needed
            wish = wish and cards < 2 * right[0]
        if wish:
            return given, right, _wrong_rows(given, right)


def _judged(row, model, wanted, fits=None, allowed=None):
    """[fewest cards, verdict] by the rule. fits(n): whether n cards are enough."""
    allowed = allowed or wanted["allowed"]
    fits = fits or _fits(row, model, wanted)
    least = next((n for n in allowed if fits(n)), 0)
    able, even, n = row["form"] in row["formats"], row["cards"] in allowed, row["cards"]
    reasons = zip((not able, not even, not fits(n), n == least), VERDICTS, strict=False)
    return [least if able else 0, next((word for holds, word in reasons if holds), "spare")]


def _fits(row, model, wanted, weights=1, cache=1, size=None, giga=10**9, usable=None, more=0):
    """A rule for n cards, in exact fractions: n · usable ≥ weights + cache + more(n)."""
    size = BYTES[row["form"]] if size is None else size
    need = weights * model["parameters"] * size + cache * wanted["users"] * wanted["tokens"] * model["kv_bytes"]
    left = 1 - Fraction(str(wanted["reserve"])) if usable is None else usable
    return lambda n: n * row["gb"] * giga * left >= need + (more(n) if more else 0)


def _wrong_rows(given, right):
    row, model, wanted = given
    reserve, kept = Fraction(str(wanted["reserve"])), wanted["users"] * wanted["tokens"] * model["kv_bytes"]
    able, good = row["form"] in row["formats"], _fits(*given)
    least, word = right
    by_memory = next(n for n in range(1, 10_000) if good(n))
    at_memory = row["cards"] == by_memory
    without_format = _judged({**row, "formats": [row["form"]]}, model, wanted)
    powers = [2**i for i in range(11)]
    usable, nothings = row["gb"] * (1 - reserve), (None, -1, wanted["allowed"][-1], math.inf)
    full = row["gb"] * 10**9 * (1 - reserve)
    need = model["parameters"] * BYTES[row["form"]] + kept
    as_fit = "small" if not good(row["cards"]) else "exact" if row["cards"] == least else "spare"

    def by(**knobs):
        return _judged(*given, fits=_fits(*given, **knobs))

    return {
        "no cache": [by(cache=0)],
        "no weights": [by(weights=0)],
        "one user": [by(cache=Fraction(1, wanted["users"]))],
        "not shared": [by(more=lambda n: (n - 1) * kept)],
        "gib": [by(giga=1024**3)],
        "no reserve": [by(usable=1)],
        "reserve added": [by(usable=1 / (1 + reserve))],
        "reserve once": [by(usable=1, more=lambda n: row["gb"] * 10**9 * reserve)],
        "two bytes": [by(size=2)],
        "one byte": [by(size=1)],
        "cache in form": [by(cache=BYTES[row["form"]])],
        "full": [_judged(*given, fits=lambda n: n * full > need)],
        "any number": [
            [by_memory if able else 0, word],
            [by_memory if able else 0, "format" if not able else as_fit],
            [by_memory, word],
            [by_memory if able else 0, word if word in VERDICTS[:3] else "exact" if at_memory else "spare"],
        ],
        "powers": [_judged(*given, allowed=powers)],
        "format ignored": [without_format],
        "format least": [[without_format[0], word], [row["cards"] if not able else least, word]],
        "uneven ignored": [[least, as_fit if word == "uneven" else word]],
        "small first": [[least, "small" if word == "uneven" and not good(row["cards"]) else word]],
        "spare": [[least, "exact" if word == "spare" else word], [least, "spare" if word == "exact" else word]],
        "whole GB": [
            _judged(*given, fits=lambda n: n * usable >= round(need / 10**9)),
            _judged(*given, fits=lambda n: n * usable >= need // 10**9),
            _judged(*given, fits=lambda n: n * int(usable) * 10**9 >= need),
            _judged(*given, fits=lambda n: n * round(usable) * 10**9 >= need),
        ],
        "none": [[least or (0 if word == "format" else nothing), word] for nothing in nothings],
    }


# ---- 3. a quantiser ------------------------------------------------------------------------------------------------


@question("serving.q3", answer="quantise", kind="function")
def q3(quantise, rng):
    cases = sorted((_matrix(rng, number) for number in range(28)), key=lambda case: len(repr(case)))
    mirrored = [([[-x for x in row] for row in rows], bits) for rows, bits in cases]
    answers = quantise.each([(given, {}) for given in cases + mirrored])
    tried = [(*given, answer) for given, answer in zip(cases + mirrored, answers, strict=True)]

    def demand(hint, holds):
        """Wrong with this hint where the property does not hold for all."""
        for rows, bits, answer in tried:
            if not holds(rows, bits, answer):
                quantise(rows, bits)  # the notebook shows the last call
                expect(False, t(*HINTS[hint]))

    demand("quantise form", _has_form)
    demand("nan", lambda _, __, answer: all(math.isfinite(x) for x in _flat(answer)))
    demand("not whole", lambda _, __, answer: all(type(x) is int for x in _flat(answer[0])))
    demand("zero row", _zeros_stay)
    mistakes = (name for name in SCALES if all(_has_scales(*one, SCALES[name]) for one in tried))
    demand(next(mistakes, "scale"), _has_scales)
    demand("error", lambda *one: _worst(*one) <= 1 + 1e-3)
    demand("truncated", lambda *one: _worst(*one) <= 0.5 + 1e-3)
    demand("restored", _is_restored)
    negative = {repr(given): answer[0] for given, answer in zip(cases, answers[len(cases) :], strict=True)}
    tried = tried[: len(cases)]
    demand(
        "symmetric", lambda rows, bits, answer: answer[0] == [[-x for x in row] for row in negative[repr((rows, bits))]]
    )


def _matrix(rng, number):
    """(rows, bits): some rows are all zeros, some have numbers exactly between two steps."""
    bits, columns = 2 + number % 7, rng.randint(3, 6)
    largest = 2 ** (bits - 1) - 1
    rows = []
    for _ in range(1 if number < 7 else rng.randint(2, 3)):
        size = 10 ** rng.uniform(-1, 1)
        row = [round(rng.gauss(0, size), 4) or size for _ in range(columns)]
        rows.append(row if _top(row) >= size else [*row[:-1], size])  # scale + 1e-8 is as good as scale
    if number % 3 == 0:
        low = max(rows[0], key=abs)
        rows[0] = [-abs(x) if abs(x) == abs(low) else x for x in rows[0]]  # the largest is negative
    if number >= 7 and number % 2:  # 0 among others; and numbers whose sum is 0
        rows.append([0.0, *rng.sample([3.0, -1.0, -2.0], 3)][: 4 if columns > 3 else 3] + [0.0] * (columns - 4))
        rows.append([1.5, -1.0, -0.5] + [0.0] * (columns - 3))
    if 7 <= number < 14:
        rows.insert(rng.randint(0, len(rows)), [0.0] * columns)
    elif number >= 21:
        step = 2.0 ** rng.randint(-3, 2)
        halves = [(rng.randint(-largest, largest - 1) + 0.5) * step for _ in range(columns - 1)]
        rows.append([rng.choice([-1, 1]) * largest * step, *halves])
    return rows, bits


# a row, all rows, bits -> the scale of the row, by the mistake that gives it
SCALES = {
    "128": lambda row, rows, bits: _top(row) / 2 ** (bits - 1),
    "always 127": lambda row, rows, bits: _top(row) / 127,
    "all bits": lambda row, rows, bits: _top(row) / (2**bits - 1),
    "one scale": lambda row, rows, bits: max(map(_top, rows)) / (2 ** (bits - 1) - 1),
    "no abs": lambda row, rows, bits: max(row) / (2 ** (bits - 1) - 1),
    "upside down": lambda row, rows, bits: (2 ** (bits - 1) - 1) / _top(row),
    "min max": lambda row, rows, bits: (max(row) - min(row)) / (2**bits - 1),
}


def _top(row):
    return max(map(abs, row))


def _right_scale(row, _, bits):
    return _top(row) / (2 ** (bits - 1) - 1)


def _has_scales(rows, bits, answer, rule=_right_scale):
    """Whether each scale, but that of a row of zeros, is what the rule says."""
    pairs = [(row, scale) for row, scale in zip(rows, answer[1], strict=True) if any(row)]
    return all(math.isclose(scale, rule(row, rows, bits), rel_tol=1e-4) for row, scale in pairs)


def _has_form(rows, _, answer):
    def is_row(row, length):
        return type(row) is list and len(row) == length and all(type(x) in (int, float) for x in row)

    def is_table(table):
        return type(table) is list and len(table) == len(rows) and all(map(is_row, table, map(len, rows)))

    three = type(answer) is list and len(answer) == 3
    return three and is_table(answer[0]) and is_row(answer[1], len(rows)) and is_table(answer[2])


def _flat(answer):
    """All numbers in lists of lists."""
    return [x for part in answer for x in _flat(part)] if type(answer) is list else [answer]


def _zeros_stay(rows, _, answer):
    return not any(any(whole) or any(back) for row, whole, _, back in zip(rows, *answer, strict=True) if not any(row))


def _worst(rows, bits, answer):
    """The largest error of the whole numbers, in steps."""
    rows = [(row, whole, _right_scale(row, rows, bits)) for row, whole in zip(rows, answer[0], strict=True) if any(row)]
    return max((abs(x / step - n) for row, whole, step in rows for x, n in zip(row, whole, strict=True)), default=0.0)


def _is_restored(rows, _, answer):
    rows = zip(rows, *answer, strict=True)
    return all(close(back, [n * scale for n in whole], 1e-5 * max(_top(row), 1e-3)) for row, whole, scale, back in rows)


# ---- 4. what may come from the cache -------------------------------------------------------------------------------

# (question in zh and en, personal, good for so many seconds)
ASKED = (
    ("R1 是谁做的？", "Who made R1?", False, 10**6),
    ("我还欠多少钱？", "How much do I owe?", True, 3600),
    ("天气怎么样？", "What is the weather?", False, 600),
    ("我下一节是什么课？", "What is my next lesson?", True, 600),
    ("现在几点？", "What is the time?", False, 0),
)


@question("serving.q4", answer="from_cache", kind="function")
def q4(from_cache, rng):
    cases = [_log_case(rng, number) for number in range(40)]

    def has_form(answer, right):
        return type(answer) is list and len(answer) == len(right) and all(type(x) in (bool, int) for x in answer)

    answers = in_form(from_cache, cases, has_form, HINTS["cache form"])
    wrong = [
        (*given, right, answer) for (given, right, _), answer in zip(cases, answers, strict=True) if answer != right
    ]
    told = _told(*min(wrong, key=lambda case: len(repr(case[:1])))) if wrong else ""
    diagnose(from_cache, cases, {name: (zh + told, en + told) for name, (zh, en) in HINTS.items()}, "q4")


def _told(log, right, answer):
    """The log, a line for each request, up to the first answered wrongly: a dict for each is too long to show."""
    last = next(i for i, (a, b) in enumerate(zip(answer, right, strict=True)) if a is not b)
    lines = []
    for r in log[: last + 1]:
        kind = ", ".join(f"{key}={r[key]}" for key in ("temperature", "personal", "good_for"))
        lines.append(f"  {r['time']} s  {r['user']}  {r['model']}  {r['question']}  ({kind})")
    end = t(f"最后一个该是 {right[last]}。", f"The last should be {right[last]}.")
    return "\n" + "\n".join([*lines, "  " + end])


def _request(time, user, model, asked, temperature):
    question, personal, good_for = asked
    words = {"time": time, "user": user, "model": model, "question": question}
    return words | {"temperature": temperature, "personal": personal, "good_for": good_for}


def _log_case(rng, number):
    """A log of requests: at random, or such that one certain mistake must show."""
    asked = [(t(zh, en), personal, good_for) for zh, en, personal, good_for in ASKED]
    users, models = [t("小红", "Anna"), t("小明", "Tom"), t("小兰", "Mary")], ["small", "large"]
    rng.shuffle(users)
    rng.shuffle(models)
    kind = number % 8
    start = 0 if kind in (1, 5) else rng.randint(0, 1000)
    if kind == 0:  # strings that are the same when put end to end
        (tip, *rest), one, other = asked[1], rng.choice("AB"), rng.choice("nm")
        sep = ("", " ", "-", "|", "_")[number // 8]
        pairs = (one + sep + other, tip), (one, other + sep + tip), (other + sep + one, tip), (one, tip + sep + other)
        log = [(0, user, models[0], (question, *rest), 0) for user, question in pairs]
    elif kind == 1:  # the age, and when it starts again
        what, wait = rng.choice(asked[1:4]), rng.uniform(0.55, 0.95)
        log = [(round(i * wait * what[2]), users[0], models[0], what, 0) for i in range(4)]
    elif kind == 2:  # exactly as old as it may not be
        what = rng.choice(asked[1:4])
        log = [(age, users[0], models[0], what, 0) for age in (0, what[2] - 1, what[2])]
    elif kind == 3:  # not to the letter
        question, *rest = asked[0]
        forms = [question, question.lower(), question.replace("R1 ", "R1  ").replace(" R1", "  R1")]
        forms += [question + " ", question[:-1]]
        log = [(i, rng.choice(users), models[0], (form, *rest), 0) for i, form in enumerate([*forms, question])]
    elif kind == 4:  # draws
        warm = (0.1, 0.7, 0.3, 1, 0.001)[number // 8 % 5]
        log = [(i, users[0], models[0], asked[0], warmth) for i, warmth in enumerate([warm, warm, 0, warm, 1, 0])]
    elif kind == 5:  # whose reply, which model's; all within a second
        whose = [(users[0], 0), (users[1], 0), (users[0], 0), (users[0], 1), (users[1], 0)]
        log = [(0, user, models[model], asked[number // 8 % 2], 0) for user, model in whose]
    else:
        pool, time, log = rng.sample(asked, 3), 0, []
        for _ in range(rng.randint(4, 10)):
            time += rng.choice([0, 1, 60, 300, 600, 601, 1800, 3600])
            warmth = rng.choice([0, 0, 0, 0, 0.2, 1])
            log.append((time, rng.choice(users), rng.choice(models), rng.choice(pool), warmth))
    if number == 7:  # the user's name, or the question, may begin like the model's
        pairs = [("AB", "small"), ("B", "smallA"), ("small", "A"), ("", "smallA"), ("", "Asmall"), ("A", "small")]
        log = [(0, user, model, asked[1], 0) for user, model in pairs]
        (tip, *rest) = asked[0]
        log += [(0, "A", "small", ("A" + tip, *rest), 0), (0, "A", "smallA", asked[0], 0)]
    log = [_request(start + time, *rest) for time, *rest in log]
    return (log,), _by_rule(log), _wrong_logs(log)


def _by_rule(log, key=None, stores=None, reads=None, fresh=None):
    """Whether an earlier request was computed and stored under the same key, and is still fresh: pair by pair.

    key(r), stores(r), reads(r), fresh(age, r): the rules, by default the right ones.
    """
    key = key or (lambda r: [r["model"], r["question"], r["personal"] and r["user"]])
    stores, reads = stores or _cold, reads or _cold
    fresh = fresh or (lambda age, r: age < r["good_for"])
    hits = []
    for i, r in enumerate(log):
        kept = [old for old, hit in zip(log[:i], hits, strict=True) if not hit and stores(old) and key(old) == key(r)]
        hits.append(reads(r) and any(fresh(r["time"] - old["time"], r) for old in kept))
    return hits


def _cold(r):
    return r["temperature"] == 0


def _always(*_):
    return True


def _wrong_logs(log):
    def keyed(key):
        return _by_rule(log, key=key)

    def user(r):
        return r["user"] if r["personal"] else ""

    def like(form):
        return keyed(lambda r: [r["model"], form(r["question"]), user(r)])

    def below(limit):
        return _by_rule(log, stores=lambda r: r["temperature"] < limit, reads=lambda r: r["temperature"] < limit)

    def step_by_step(refresh, replace):
        kept, hits = {}, []
        for r in log:
            key = r["model"], r["question"], user(r)
            hit = _cold(r) and key in kept and r["time"] - kept[key] < r["good_for"]
            if _cold(r) and (refresh if hit else (replace or key not in kept)):
                kept[key] = r["time"]
            hits.append(hit)
        return hits

    right = _by_rule(log)
    return {
        "ones": [[int(hit) for hit in right]],
        "inverted": [[not hit for hit in right]],
        "leak": [
            keyed(lambda r: [r["model"], r["question"]]),
            keyed(lambda r: [r["model"], r["question"], not r["personal"] and r["user"]]),
        ],
        "too careful": [keyed(lambda r: [r["model"], r["question"], r["user"]])],
        "never personal": [_by_rule(log, reads=lambda r: _cold(r) and not r["personal"])],
        "model": [keyed(lambda r: [r["question"], r["personal"] and r["user"]])],
        "personal model": [
            keyed(lambda r: ["", r["question"], r["user"]] if r["personal"] else [r["model"], r["question"], ""])
        ],
        "nearly 0": [below(limit) for limit in (0.05, 0.15, 0.25, 0.5, 0.71, 1)],
        "same second": [_by_rule(log, fresh=lambda age, r: 0 < age < r["good_for"])],
        "warm reads": [_by_rule(log, reads=_always)],
        "warm stores": [_by_rule(log, stores=_always)],
        "warm": [_by_rule(log, reads=_always, stores=_always)],
        "temperature in key": [
            _by_rule(log, key=lambda r: [r["model"], r["question"], user(r), r["temperature"]], **rules)
            for rules in ({"reads": _always, "stores": _always}, {"reads": _always})
        ],
        "second 0": [_by_rule(log, stores=lambda r: _cold(r) and r["time"] != 0)],
        "no time": [_by_rule(log, fresh=_always)],
        "refreshed": [step_by_step(True, True)],
        "first only": [step_by_step(False, False)],
        "at the end": [_by_rule(log, fresh=lambda age, r: age <= r["good_for"])],
        "loose": [
            like(str.lower),
            like(str.strip),
            like(lambda q: q.strip().lower()),
            like(lambda q: " ".join(q.lower().split())),
            like(lambda q: "".join(q.split())),
            like(lambda q: "".join(q.lower().split())),
            like(lambda q: q.rstrip("?？ ")),
        ],
        "joined": [
            keyed(lambda r: r["model"] + r["question"] + user(r)),
            keyed(lambda r: r["question"] + user(r) + r["model"]),
            keyed(lambda r: user(r) + r["question"] + r["model"]),
            keyed(lambda r: r["model"] + user(r) + r["question"]),
        ],
    }


# ---- 5. own cards, or the API --------------------------------------------------------------------------------------


@question("serving.q5", answer="own_or_api", kind="function")
def q5(own_or_api, rng):
    cases = [_cost_case(rng, number) for number in range(30)]

    def has_form(answer, _):
        three = type(answer) is list and len(answer) == 3 and answer[2] in CHOICES
        return three and all(type(x) in (int, float) for x in answer[:2])

    answers = in_form(own_or_api, cases, has_form, HINTS["cost form"])
    rights = [right for _, right, _ in cases]
    price, share = (all(close(a[i], right[i]) for a, right in zip(answers, rights, strict=True)) for i in (0, 1))
    diagnose(own_or_api, cases, HINTS, "verdicts" if price and share else "break even" if price else "q5", 1e-6)


def _cost_case(rng, number):
    """One for each verdict in turn, none near a tie."""
    wish = CHOICES[number % 3]
    while True:
        month, users, speed = rng.randint(200, 2000) * 100, rng.randint(2, 300), round(rng.uniform(8, 60), 1)
        busy = round(rng.uniform(0.05, 0.85), 2)
        dearer = {"own": (1.1 / busy, 3 / busy), "busier": (1.1, 0.95 / busy), "api": (0.1, 0.9)}[wish]
        api = round(month / (users * speed * 2.592) * rng.uniform(*dearer), 2)
        given = month, users, speed, busy, api
        exact = [Fraction(str(x)) for x in given]
        tokens = sum([exact[1] * exact[2] * 3600 * 24] * 30)  # of a month, day by day, if always busy
        full, own = exact[0] / tokens * 10**6, exact[0] / (tokens * exact[3]) * 10**6
        word = "own" if own < api else "busier" if full < api else "api"
        if api > 1 and word == wish and min(abs(own / api - 1), abs(full / api - 1)) > 0.02:
            right = [float(own), float(full / exact[4]), word]
            return given, right, _wrong_costs(given, right, float(full))


def _wrong_costs(given, right, full):
    _, users, _, busy, api = given
    own, share, word = right

    def priced(own, full, share=None):
        word = "own" if own < api else "busier" if full < api else "api"
        return [own, full / api if share is None else share, word]

    def times(factor):
        return [priced(own * factor, full * factor), [own * factor, share, word]]

    return {
        "one speed": times(users),
        "not busy": [priced(full, full), [full, share, word]],
        "busy inverted": [priced(full * busy, full), [full * busy, share, word]],
        "seconds": times(3600),
        "a day": times(30),
        "per token": times(1e-6),
        "upside down share": [[own, 1 / share, word], [own, api / own, word]],
        "share now": [[own, own / api, word], priced(own, full, own / api)],
        "percent": [[own, 100 * share, word]],
        "capped": [[own, min(share, 1), word]],
        "rounded": [[round(own, a), round(share, b), word] for a in range(7) for b in (*range(7), 16)],
    }
