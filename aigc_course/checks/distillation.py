"""Checks of the lab `distillation`. Oracles: torch's losses, transformers' Llama, the stories' own steps."""

import re

from aigc_course import stories
from aigc_course.checks import close, diagnose, expect, question
from aigc_course.i18n import t

# float32 is precise enough for an answer
ABOUT = 1e-4

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
HINTS = {
    "q1": (
        "概率不对。每个 logit 除以温度，取 exp，再除以总和。",
        "Not the right probabilities. Divide each logit by the temperature, take exp, divide by the sum.",
    ),
    "times": ("logit 要除以温度，不是乘。", "Divide the logits by the temperature, do not multiply."),
    "not used": ("温度没有用上：温度越高，概率应该越平。", "The temperature is not used: hotter should be flatter."),
    "after": (
        "先把 logit 除以温度，再做 softmax。除的不是概率。",
        "Divide the logits by the temperature, then take softmax. It is not the probabilities that are divided.",
    ),
    "not normalised": ("概率加起来要等于 1：除以总和。", "Probabilities add up to 1: divide by the sum."),
    "logs": ("要的是概率，不是概率的对数。", "Wanted are probabilities, not their logarithms."),
    "rounded": ("不要四舍五入。", "Do not round."),
    "overflow": (
        "logit 很大时不对：exp 溢出了，或者变成了 0。先减去最大的 logit，再除以温度，再取 exp。",
        "Wrong where logits are large: exp overflows, or becomes 0. Subtract the largest logit first, then divide by "
        "the temperature, then take exp.",
    ),
    "q2": (
        "不对。拿 alpha = 0（只有 KL）和 alpha = 1（只有交叉熵）的例子分别算一算。",
        "Not right. Work through the examples with alpha = 0 (only KL) and alpha = 1 (only cross-entropy).",
    ),
    "alpha": ("alpha 乘的是交叉熵，1 − alpha 乘的是 KL。", "alpha belongs to the cross-entropy, 1 − alpha to the KL."),
    "no factor": ("alpha = 0 时少了 T²。", "With alpha = 0 the factor T² is missing."),
    "T once": ("KL 前面要乘 T²，不是 T。", "The factor of the KL is T², not T."),
    "reversed": (
        "KL 的次序反了：老师在前，乘老师的概率。",
        "The KL is the wrong way round: weigh with the teacher's p.",
    ),
    "cross-entropy": (
        "KL 里还有老师自己的 ln p：是 p(ln p − ln q)，不是 −p ln q。",
        "The KL also has the teacher's own ln p: it is p(ln p − ln q), not −p ln q.",
    ),
    "temperature 1": (
        "算 KL 时老师和学生都要除以温度 T。",
        "For the KL divide both the teacher's and the student's logits by T.",
    ),
    "sum": ("要的是各 token 的平均，不是总和。", "Wanted is the average over the tokens, not the sum."),
    "all numbers": (
        "KL 对一个 token 的所有选项求和，再对 token 取平均，不要再除以选项数。",
        "Sum the KL over a token's choices, then average over the tokens: do not divide by the number of choices.",
    ),
    "sign": ("符号反了：KL 和交叉熵都不会是负数。", "The sign is wrong: neither KL nor cross-entropy is negative."),
    "soft labels": (
        "交叉熵用温度 1：标准答案不用变软。",
        "The cross-entropy is at temperature 1: right answers need no softening.",
    ),
    "factor everywhere": ("T² 只乘 KL，不乘交叉熵。", "T² belongs to the KL only, not to the cross-entropy."),
    "teacher's": ("交叉熵要用学生的概率，不是老师的。", "The cross-entropy is of the student's probabilities."),
    "zero": (
        "有的概率小得变成了 0，0 没有对数。直接算概率的对数，并先减去最大的 logit。",
        "Some probabilities become 0, which has no logarithm. Compute log-probabilities directly, less the largest.",
    ),
    "q3": (
        "kept 不对。把每一条应有的文字写出来，和 text 比一比，差一个字符都不行。",
        "kept is not right. Write the text that each trace should have and compare: every character counts.",
    ),
    "answer only": (
        "答案对还不够：步骤错的、缺的、多的也要去掉。",
        "A right answer is not enough: wrong, missing or extra steps disqualify too.",
    ),
    "own sums": (
        "步骤自己说得通还不够：每一步都要是 ops 里的那一步，一步不多，一步不少。",
        "It is not enough that the steps agree with one another: they must be those of ops, no more and no fewer.",
    ),
    "decimals": (
        "有 ÷ 的都去掉了。除得尽，可是 Python 的 / 会算出 7.0：用 //。",
        "All traces with ÷ are thrown out. The divisions come out even, but Python's / gives 7.0: use //.",
    ),
    "steps only": ("步骤对还不够：最后的答案也要对。", "Right steps are not enough: the answer must be right too."),
    "rejected": ("这是去掉的。要的是留下的。", "Those are the ones thrown out. Wanted are the ones kept."),
    "from one": ("序号从 0 数起。", "Count from 0."),
    "everything": ("什么都没有去掉。", "Nothing is thrown out."),
    "share": (
        "share 不对：每种步数里，留下的除以一共有的。没留下的步数也要写，是 0。",
        "share is not right: for each number of operations, kept over all of them. Where none is kept it is 0.",
    ),
    "of kept": (
        "分母不对：要除以这种步数一共有几条，不是一共留下了几条。",
        "Wrong denominator: divide by all traces with that many operations, not by all that are kept.",
    ),
    "of all": (
        "分母不对：要除以这种步数一共有几条，不是全部有几条。",
        "Wrong denominator: divide by all traces with that many operations, not by all traces.",
    ),
    "numbers": ("share 要的是份额，不是条数。", "share holds shares, not counts."),
    "left out": (
        "一条也没留下的步数也要写，份额是 0。",
        "Numbers of operations of which nothing is kept belong in too: 0.",
    ),
    "q4": (
        "个数不对。照着表一行一行加，看看漏了哪一行，或者哪一行乘错了。",
        "Not the right number. Go through the table row by row: is one missing, or multiplied wrongly?",
    ),
    "tied": (
        "tie_word_embeddings 为真时，嵌入和输出合起来只数一次；为假时，各数一次。",
        "With tie_word_embeddings true, embedding and output count once together; with false, once each.",
    ),
    "kv": (
        "k 和 v 的头数是 num_key_value_heads，可能比 q 的少。",
        "k and v have num_key_value_heads heads, which may be fewer than q has.",
    ),
    "square": (
        "注意力的 q 和输出是 d × (头数 × head_dim)，不一定是 d × d。",
        "The attention's q and output are d × (heads × head_dim), which need not be d × d.",
    ),
    "two of three": ("前馈网络有三个矩阵：gate、up、down。", "The feed-forward network has three matrices."),
    "norms": ("别忘了归一化的参数：每层两个，末尾还有一个。", "Mind the norms: two in each layer and one at the end."),
    "one layer": ("每层的参数要乘层数。", "Multiply a layer's parameters by the number of layers."),
    "q5": (
        "不对。先数留下几条，再在留下的里面数要进位或借位的。第 3 题对了吗？",
        "Not right. Count the traces kept, then among them those that need a carry or a borrow. Is question 3 right?",
    ),
    "q5 percent": (
        "要的是 0 到 1 之间的份额，不是百分数或条数。",
        "Shares from 0 to 1 are wanted, no per cent, no counts.",
    ),
    "q5 order": ("次序反了：先留下来的份额。", "The order is reversed: the share that is kept comes first."),
    "hundred": (
        "traces 有几条都行，不一定是 100 条。",
        "There may be any number of traces, not just 100.",
    ),
    "of need": (
        "第二个数的分母不对：要除以留下来的条数。",
        "Wrong denominator in the second number: divide by the number kept.",
    ),
    "before": ("第二个数要在留下来的里面数，不是在全部里面数。", "The second number is of those kept, not of all."),
    "thrown out": (
        "第二个数要在留下来的里面数，不是在去掉的里面数。",
        "The second number is of those kept, not of those thrown out.",
    ),
    "the rest": (
        "第二个数是要进位或借位的，不是不要的。",
        "The second number is of those that need one, not of those that do not.",
    ),
}


def _logits(rng, n, large=False):
    """n logits, which float32 holds exactly; large: thousands apart."""
    return [rng.randrange(-80_000, 80_000) / 8 if large else rng.randrange(-32, 33) / 8 for _ in range(n)]


@question("distillation.q1", answer="soften", kind="function")
def q1(soften, rng):
    answer = soften([2.0, 0.0], 1.0)
    expect(
        type(answer) is list and len(answer) == 2 and all(type(x) in (int, float) for x in answer),
        t("返回的列表要和 logits 一样长，里面是概率。", "Return a list of probabilities, as long as logits."),
    )
    small = [(_logits(rng, rng.randint(2, 6)), rng.choice([0.5, 2.0, 3.0, 5.0])) for _ in range(40)]
    diagnose(soften, [_soft_case(*each) for each in small], HINTS, "q1", 1e-5)
    for _ in range(10):
        far, near = _logits(rng, rng.randint(2, 6), large=True), _logits(rng, rng.randint(2, 6))
        high = rng.choice([-9000, 9000, 60_000])
        for logits, temperature in ((far, rng.choice([1.0, 4.0, 1024.0])), ([high + z for z in near], 1.0)):
            (_, truth, _) = _soft_case(logits, temperature)
            expect(close(soften(logits, temperature), truth, ABOUT), t(*HINTS["overflow"]))


def _soft_case(logits, temperature):
    import torch

    z = torch.tensor(logits, dtype=torch.float64)
    right, weights = (z / temperature).softmax(-1), ((z - z.max()) / temperature).exp()
    mistakes = {
        "times": (z * temperature).softmax(-1),
        "not used": z.softmax(-1),
        "after": z.softmax(-1) / temperature,
        "not normalised": torch.stack([weights, (z / temperature).exp()]),
        "logs": right.log(),
    }
    answers = {mistake: value.tolist() if value.dim() == 2 else [value.tolist()] for mistake, value in mistakes.items()}
    answers["rounded"] = [[round(p, digits) for p in right.tolist()] for digits in (2, 3, 4)]
    return (logits, temperature), right.tolist(), answers


@question("distillation.q2", answer="student_loss", kind="function")
def q2(student_loss, rng):
    expect(
        type(student_loss([[2.0, 0.0]], [[0.0, 2.0]], [0], 2.0, 0.5)) in (int, float),
        t("要返回一个数：各 token 的平均。", "Return one number, the average over the tokens."),
    )
    for alpha in (0.0, 1.0, None):  # one part alone, the other, then both
        cases = [_loss_case(rng, rng.choice([0.25, 0.5, 0.9]) if alpha is None else alpha) for _ in range(20)]
        diagnose(student_loss, cases, HINTS, "q2", ABOUT)
    for _ in range(6):
        arguments, truth, _ = _loss_case(rng, 0.5, large=True)
        expect(close(student_loss(*arguments), truth, ABOUT), t(*HINTS["zero"]))
    same, labels = [_logits(rng, 4), _logits(rng, 4)], [0, 3]
    expect(close(student_loss(same, same, labels, 2.0, 0.0), 0, ABOUT), t(*HINTS["q2"]))


def _loss_case(rng, alpha, large=False):
    import torch
    from torch.nn.functional import cross_entropy, kl_div

    n, choices, T = rng.randint(2, 5), rng.randint(3, 6), rng.choice([0.5, 2.0, 4.0])
    student, teacher = ([_logits(rng, choices, large) for _ in range(n)] for _ in range(2))
    labels = [rng.randrange(choices) for _ in range(n)]
    s, z = (torch.tensor(x, dtype=torch.float64) for x in (student, teacher))
    y = torch.tensor(labels)

    def kl(first, second, reduction="batchmean"):
        """torch's KL(first ‖ second) of logits."""
        return kl_div(second.log_softmax(-1), first.log_softmax(-1), reduction=reduction, log_target=True)

    def loss(soft, hard):
        return float((1 - alpha) * soft + alpha * hard)

    soft, hard = T**2 * kl(z / T, s / T), cross_entropy(s, y)
    right = loss(soft, hard)
    mistakes = {
        "alpha": [float(alpha * soft + (1 - alpha) * hard)],
        "sum": [n * right],
        "sign": [-right, loss(soft, -hard), loss(-soft, hard)],
        "no factor": [loss(soft / T**2, hard)],
        "T once": [loss(soft / T, hard)],
        "reversed": [loss(T**2 * kl(s / T, z / T), hard)],
        "cross-entropy": [loss(T**2 * cross_entropy(s / T, (z / T).softmax(-1)), hard)],
        "temperature 1": [loss(T**2 * kl(*pair), hard) for pair in ((z, s), (z / T, s), (z, s / T))],
        "all numbers": [loss(soft / choices, hard), loss(soft / choices, hard / choices)],
        "soft labels": [loss(soft, cross_entropy(s / T, y))],
        "factor everywhere": [loss(soft, T**2 * hard)],
        "teacher's": [loss(soft, cross_entropy(z, y))],
    }
    return (student, teacher, labels, T, alpha), right, mistakes


@question("distillation.q3", answer="filter_traces", kind="function")
def q3(filter_traces, rng):
    answer = filter_traces([{"start": 7, "ops": [["+", 5]], "text": "<think>7+5=12</think>12"}])
    expect(
        type(answer) is dict and answer.keys() == {"kept", "share"},
        t("要返回有 kept 和 share 两项的字典。", "Return a dict with the entries kept and share."),
    )
    expect(
        type(answer["kept"]) is list and type(answer["share"]) is dict,
        t("kept 是列表，share 是字典。", "kept is a list, share a dict."),
    )
    faults = _in_turn(rng, ["right"] * len(FAULTS + ASTRAY) + FAULTS + ASTRAY)
    cases = [_filter_case(rng, faults) for _ in range(60)]
    for part, otherwise in (("kept", "q3"), ("share", "share")):
        chosen = [(arguments, right[part], mistakes[part]) for arguments, right, mistakes in cases]
        diagnose(lambda traces, part=part: filter_traces(traces)[part], chosen, HINTS, otherwise, 1e-6)
    expect(
        filter_traces([]) == {"kept": [], "share": {}},
        t("traces 是空列表时，两项都是空的。", "Where traces is empty, both entries are empty."),
    )


def _in_turn(rng, kinds):
    """Each of these kinds as often as it stands here, in random order, again and again."""
    while True:
        yield from rng.sample(kinds, len(kinds))


def _filter_case(rng, faults):
    # a third have one trace, short enough to be shown whole
    chosen = [next(faults) for _ in range(rng.choice([1] * 3 + [*range(3, 9)]))]
    asked = [stories.sample(rng, rng.choice([2, 3] if fault in OF_MANY else [1, 1, 2, 3])) for fault in chosen]
    traces = [_trace(rng, story, fault) for story, fault in zip(asked, chosen, strict=True)]
    if len(asked) > 4:  # the same one twice
        asked, traces = [*asked, asked[0]], [*traces, traces[0]]
    texts, sound = zip(*traces, strict=True)
    right = [text == stories.completion(story) for story, text in zip(asked, texts, strict=True)]
    read = [stories.split_reply(text) for text in texts]
    kept = [i for i, good in enumerate(right) if good]
    counts = [str(len(story.ops)) for story in asked]
    good = {count: sum(g for g, c in zip(right, counts, strict=True) if c == count) for count in sorted(set(counts))}
    share = {count: good[count] / counts.count(count) for count in good}
    mistakes = {
        "answer only": [[i for i, (_, answer) in enumerate(read) if answer == asked[i].answer]],
        "steps only": [[i for i, (steps, _) in enumerate(read) if steps == "，".join(stories.lines(*_told(asked[i])))]],
        "own sums": [[i for i, each in enumerate(sound) if each]],
        "decimals": [[i for i in kept if "÷" not in dict(asked[i].ops)]],
        "rejected": [[i for i in range(len(asked)) if i not in kept]],
        "from one": [[i + 1 for i in kept]],
        "everything": [list(range(len(asked)))],
    }
    of_share = {
        "left out": [{count: value for count, value in share.items() if value}],
        "of kept": [{count: n / max(1, len(kept)) for count, n in good.items()}],
        "of all": [{count: n / len(asked) for count, n in good.items()}],
        "numbers": [good],
    }
    return (_traces(asked, texts),), {"kept": kept, "share": share}, {"kept": mistakes, "share": of_share}


def _traces(asked, texts):
    return [
        {"start": story.start, "ops": [list(op) for op in story.ops], "text": text}
        for story, text in zip(asked, texts, strict=True)
    ]


def _told(story):
    return story.start, story.ops


FAULTS = ["step", "missing", "extra", "answer", "direct", "open", "more", "front", "space", "comma"]
FAULTS += ["left", "order", "zero", "wide", "inner space", "last comma", "unmarked", "marked twice", "capitals"]
ASTRAY = ["other", "short", "long", "same"]  # right sums, but not this story's
OF_MANY = ["comma", "order", "short"]  # only possible with more than one step


def _trace(rng, story, fault):
    """What a teacher might write about a story, with this fault; and whether its steps, whatever the story says, agree
    with one another, with the start and with the answer."""
    steps, answer = stories.lines(*_told(story)), story.answer
    at, before = rng.randrange(len(steps)), story.values[-2]
    whole = stories.completion(story)
    match fault:
        case "step":  # a wrong result, and yet the right answer
            steps[at] = f"{steps[at].partition('=')[0]}={story.values[at + 1] + rng.choice([1, 10])}"
        case "missing":
            del steps[at]
        case "extra":
            steps.append(f"{answer}+1={answer + 1}")
        case "answer":
            answer += rng.choice([1, 10])
        case "direct":
            return str(answer), False
        case "open":
            return whole.removesuffix(f"</think>{answer}"), False
        case "more":
            return f"{whole}0", False
        case "front":
            return f" {whole}", False
        case "other":  # the last step of another story
            more = story.ops[-1][1] + 30
            return stories.written([*steps[:-1], f"{before}+{more}={before + more}"], before + more), True
        case "short":
            return stories.written(steps[:-1], before), True
        case "long":
            return stories.written([*steps, f"{answer}+1={answer + 1}"], answer + 1), True
        case "same" if before + 1 != answer:  # the right result, of another sum
            steps[-1] = f"{answer - 1}+1={answer}"
        case "space":
            return whole + rng.choice(" \n"), False
        case "comma":
            return whole.replace("，", ","), False
        case "left":  # begins with a wrong number, and yet has the right result
            number = re.match("[0-9]+", steps[at])[0]
            steps[at] = f"{int(number) + rng.choice([1, 10])}{steps[at].removeprefix(number)}"
        case "order":
            return stories.written([*steps[1:], steps[0]], answer), False
        case "zero":
            return rng.choice([whole.replace("<think>", "<think>0"), whole.replace("</think>", "</think>0")]), False
        case "wide":
            at = rng.choice([i for i, c in enumerate(whole) if c.isdigit()])
            return f"{whole[:at]}{chr(ord(whole[at]) + 0xFEE0)}{whole[at + 1 :]}", False
        case "inner space":
            places = ["(?==)", "(?<==)", "(?=</)", "(?<=k>)", *["(?<=，)"] * 2 * (len(steps) > 1)]
            return re.sub(rng.choice(places), " ", whole, count=1), False
        case "last comma":
            return stories.written([*steps, ""], answer), False
        case "unmarked":
            return whole.removeprefix("<think>"), False
        case "marked twice":
            return f"{whole}</think>{rng.choice([answer, answer + 1])}", False
        case "capitals":
            return whole.replace("<think>", "<THINK>").replace("</think>", rng.choice(["</think>", "</THINK>"])), False
    text = stories.written(steps, answer)
    return text, text == whole


@question("distillation.q4", answer="parameters", kind="function")
def q4(parameters, rng):
    configs = [_config(rng, tied) for tied in (True, False) * 5]
    expect(
        type(parameters(configs[0])) is int,
        t("要返回参数的个数，是一个整数。", "Return the number of parameters, a whole number."),
    )
    diagnose(parameters, [_size_case(config) for config in configs], HINTS, "q4")


def _config(rng, tied):
    heads = rng.choice([2, 4, 8])
    return {
        "vocab_size": rng.randint(50, 900),
        "hidden_size": 8 * rng.randint(3, 12),
        "intermediate_size": rng.randint(20, 300),
        "num_hidden_layers": rng.randint(2, 4),
        "num_attention_heads": heads,
        "num_key_value_heads": rng.choice([1, heads // 2]),
        "head_dim": 2 * rng.randint(3, 20),
        "tie_word_embeddings": tied,
    }


def _size_case(config):
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    with torch.device("meta"):
        model = LlamaForCausalLM(LlamaConfig(**config))
    d, layers, table = model.config.hidden_size, model.config.num_hidden_layers, model.lm_head.weight.numel()
    right = sum(p.numel() for p in model.parameters())
    layer = sum(p.numel() for p in model.model.layers[0].parameters())
    attention, feed_forward = model.model.layers[0].self_attn, model.model.layers[0].mlp
    q, kv, f = (m.weight.numel() for m in (attention.q_proj, attention.k_proj, feed_forward.up_proj))
    others = right - table * (1 if config["tie_word_embeddings"] else 2)
    mistakes = {
        # always one, always two, or the other way round
        "tied": [others + table, others + 2 * table],
        "kv": [right + layers * 2 * (q - kv)],
        "square": [
            right + layers * 2 * (d * d - q),
            right
            + layers * 2 * (d * d - q + d * d // config["num_attention_heads"] * config["num_key_value_heads"] - kv),
        ],
        "two of three": [right - layers * f],
        "norms": [right - d, right - layers * 2 * d, right - layers * d, right - layers * 2 * d - d],
        "one layer": [right - (layers - 1) * layer],
    }
    return (config,), right, mistakes


def _carry(value, op, n):
    """Whether adding or subtracting digit by digit is wrong without a carry or a borrow."""
    digits = {"+": lambda a, b: (a + b) % 10, "-": lambda a, b: (a - b) % 10}[op]
    without = 10 * {"+": value // 10 + n // 10, "-": value // 10 - n // 10}[op] + digits(value, n)
    return without != stories.apply(op, value, n)


@question("distillation.q5", answer="shares", kind="function")
def q5(shares, rng):
    answer = shares([{"start": 7, "ops": [["+", 5]], "text": "<think>7+5=12</think>12"}])
    expect(
        type(answer) is list and len(answer) == 2 and all(type(x) in (int, float) for x in answer),
        t("要返回两个数的列表。", "Return a list of two numbers."),
    )
    diagnose(shares, [_shares_case(rng) for _ in range(40)], HINTS, "q5", 1e-6)


def _shares_case(rng):
    asked = [stories.sample(rng, rng.choice([1, 1, 2, 3]), kinds="+-") for _ in range(rng.randint(1, 7))]
    any_length = [fault for fault in FAULTS + ASTRAY if fault not in OF_MANY]
    texts = [_trace(rng, story, rng.choice(["right"] * len(any_length) + any_length))[0] for story in asked]
    sure = rng.randrange(len(asked))
    texts[sure] = stories.completion(asked[sure])  # one at least is kept
    kept = [text == stories.completion(story) for story, text in zip(asked, texts, strict=True)]
    need = [any(_carry(before, *op) for before, op in zip(story.values, story.ops, strict=False)) for story in asked]
    n, left, carry = len(asked), sum(kept), sum(need)
    both = sum(a and b for a, b in zip(need, kept, strict=True))
    right = share, among = [left / n, both / left]
    mistakes = {
        "q5 percent": [[100 * x for x in right], [left, both]],
        "q5 order": [right[::-1]],
        "hundred": [[left / 100, among], [left / 100, both / 100]],
        "rejected": [[1 - share, among]],
        "before": [[share, carry / n]],
        "of need": [[share, both / max(1, carry)], [share, both / n]],
        "thrown out": [[share, (carry - both) / max(1, n - left)]],
        "the rest": [[share, 1 - among]],
        "rounded": [[round(x, digits) for x in right] for digits in range(1, 5)],
    }
    return (_traces(asked, texts),), right, mistakes
