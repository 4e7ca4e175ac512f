"""Checks of the lab `tokens`. Oracles: the `tokenizers` library, brute force, and the lesson's own BPE."""

from collections import Counter
from itertools import chain, pairwise

from aigc_course import tokens
from aigc_course.checks import close, diagnose, expect, question
from aigc_course.i18n import t

# mistake -> its hint (zh, en); "q…" is for a mistake that none of the others explains
HINTS = {
    "q1": (
        "不是次数最多的一对。先数对：只数紧挨着的两个 token，并乘上词的次数。",
        "That pair is not the most frequent. Count only tokens side by side, times the word's count.",
    ),
    "unweighted": ("别忘了乘上词出现的次数。", "Do not forget how often each word occurs."),
    "once": (
        "同一个词里同一对可以出现好几次，每次都要算，重叠也算。",
        "A pair can occur several times in one word: count each, overlaps included.",
    ),
    "tie": (
        "次数是对的，但有几对一样多：取按字符串排在前面的一对，先比左边，再比右边。",
        "The count is right, but several pairs tie: take the first as strings, left side first.",
    ),
    "letters": (
        "要数的是 token，不是字母：先按空格把词切开。",
        "Count pairs of tokens, not of letters: cut the word at its spaces first.",
    ),
    "across": (
        "一对的左右两边要在同一个词里，不能跨到下一个词。",
        "Both halves of a pair must lie in the same word; do not reach into the next one.",
    ),
    "q2": (
        "切得不对。按先后一条一条来：每条规则先在整个词里从左到右用完，再用下一条。",
        "Not cut right. Take the rules in turn: use each one all through the word, left to right, then the next.",
    ),
    "joined": (
        "把返回的 token 连起来，应该正好是原来的词：不能丢，也不能多。",
        "Joined, the tokens must be the word again: nothing lost, nothing added.",
    ),
    "unmerged": ("一次合并也没有做。", "Nothing was merged."),
    "order": (
        "你从左边起取能合并的，或者取最长的一段。BPE 只看规则学到的先后：最早学到的先用。",
        "You took what fits from the left, or the longest piece. BPE goes by the order in which merges were learned.",
    ),
    "replace": (
        "像是用 replace 合并的：“bb a”里的“b a”也被换掉了。要整个 token 整个 token 地比。",
        "This looks like str.replace: it also finds “b a” within “bb a”. Compare whole tokens.",
    ),
    "backwards": ("同一条规则在词里要从左到右用。", "Within the word each rule goes from left to right."),
    "reversed": ("次序反了：排在前面的规则先用。", "The order is reversed: the first rule in the list goes first."),
    "q3": (
        "不对。要的是前 budget 个 token 里所有完整的字符。",
        "Not right. Wanted: all the whole characters in the first `budget` tokens.",
    ),
    "garbage": (
        "结果里有乱码：末尾的半个字符要丢掉，不要替换。",
        "There is garbage in the result: drop half a character at the end, do not replace it.",
    ),
    "apart": (
        "先把字节全部接起来，再解码。逐个 token 解码，跨 token 的字符就丢了。",
        "Join all the bytes, then decode. Token by token, characters that span tokens are lost.",
    ),
    "numbers": (
        "字节不是字符，不能一个字节变一个字符：全部接起来，按 UTF-8 解码。",
        "A byte is not a character: join all the bytes, then decode them as UTF-8.",
    ),
    "blanks": (
        "空格也是字符，不要去掉。",
        "A space is a character too: do not strip any.",
    ),
    "unlimited": ("没有用上 budget：只取前 budget 个 token。", "The budget is not used: take that many tokens only."),
    "characters": ("budget 数的是 token，不是字符。", "The budget counts tokens, not characters."),
    "bytes": ("budget 数的是 token，不是字节。", "The budget counts tokens, not bytes."),
    "dropped": (
        "丢多了：只丢末尾那个不完整的字符的字节，不要丢掉整个 token。",
        "Too much is dropped: leave out only the bytes of the cut character, not the whole token.",
    ),
    "q4": (
        "不对。拿显示的例子一步一步来：学 2 * n 次合并；一次也不合并、用头 n 次、全用，各有多少个 token？",
        "Not right. Take the example shown, step by step: learn 2 * n merges; how many tokens are there with none of "
        "them, with the first n, with all?",
    ),
    "overlap": (
        "相邻的一对可以重叠：`o l d` 里有 `o l`，也有 `l d`；`a a a` 里有两个 `a a`。",
        "Neighbouring pairs may overlap: `o l d` has `o l` and `l d`, and `a a a` has `a a` twice.",
    ),
    "seen": ("这是在训练用的文字上数的。要在 texts 上数。", "Counted on the training text. Count on `texts`."),
    "trained on texts": (
        "只用 training_text 训练：texts 是没有见过的。",
        "Train on training_text alone: `texts` are what has not been seen.",
    ),
    "too few": ("一共要学 2 * n 次合并。", "In all, 2 * n merges are to be learned."),
    "second alone": (
        "接着的 n 次要和头 n 次一起用，不能单独用。",
        "The next n merges build on the first n: use both, not these alone.",
    ),
    "one text": (
        "各段要分开编码，再把 token 数加起来。",
        "Encode each text by itself, then add up the numbers of tokens.",
    ),
    "characters of texts": (
        "一次也不合并时，一个字节是一个 token，一个汉字有三个。",
        "Without merges each byte is a token, and a Chinese character has three.",
    ),
    "sum": (
        "第二个数只算接着的 n 次，不要把头 n 次的也算进去。",
        "The second number is for the next n merges alone, without the first n.",
    ),
    "left": ("这是剩下的 token 数。要的是省下了多少。", "These are tokens left. Wanted: tokens saved."),
    "sign": ("符号反了：省下的是正数。", "The sign is reversed: savings are positive."),
    "swapped": ("顺序反了：头 n 次在前。", "The order is reversed: the first n come first."),
    "q5": (
        "总价不对。拿两轮的例子在纸上算一遍：每轮读多少，写多少？",
        "The total is wrong. Work through the example of two turns on paper: what is read, what written?",
    ),
    "no history": (
        "每一轮都要把前面的对话重新送进去，这里没有算。",
        "Each turn sends the earlier conversation again; that is missing.",
    ),
    "questions": (
        "前面的回答也要重新送进去，不只是提问。",
        "Earlier answers are sent again too, not only questions.",
    ),
    "own answer": (
        "这一轮的回答是写出来的，到下一轮才要读。",
        "This turn's answer is written; it is read only from the next turn on.",
    ),
    "own question": ("漏了这一轮自己的提问。", "This turn's own question is missing."),
    "rewritten": ("前面的话要重新读，不会重新写。", "Earlier messages are read again, not written again."),
    "last turn": (
        "前面的对话不是只重读一次：每一轮都要从头再读。",
        "Earlier messages are not read again just once: every turn reads them all from the start.",
    ),
    "previous": (
        "每一轮要重读前面的全部对话，不只是上一轮。",
        "Each turn reads the whole conversation so far again, not only the turn before.",
    ),
    "one price": (
        "读和写的单价不同：读的按 price_in，写的按 price_out，两样都要算。",
        "Reading and writing have prices of their own, price_in and price_out, and both must be paid.",
    ),
    "rounded": ("不要四舍五入。", "Do not round."),
    "million": ("价钱是每百万 token 的。", "Prices are for a million tokens."),
    "prices": ("两个单价弄反了：读的按 price_in，写的按 price_out。", "The two prices are swapped."),
}


@question("tokens.q1", answer="best_pair", kind="function")
def q1(best_pair, rng):
    answer = best_pair({"o l d": 5, "o l d e r": 2, "c o ld": 4})
    expect(
        type(answer) is list and len(answer) == 2 and all(type(x) is str for x in answer),
        t("要返回 [左, 右] 这样两个字符串的列表。", "Return a list of two strings, [left, right]."),
    )
    # ties in which comparing "lo" with "ldd", or the left sides alone, gives another order than comparing sides
    ties = {"l o": 2, "ld d": 2}, {"l o": 2, "l d": 2}
    diagnose(best_pair, [*(_pair_case(_pair_words(rng)) for _ in range(60)), *map(_pair_case, ties)], HINTS, "q1")


def _pair_words(rng):
    pieces = rng.choice(
        [["a", "b", "c"], ["o", "ld", "l", "d", "er"], ["天", "气", "今天", "好"], ["l", "L", "l'", ",", "-", "."]]
    )
    words = {" ".join(rng.choices(pieces, k=2)): rng.randint(1, 4)}
    for _ in range(rng.randint(2, 6)):
        words[" ".join(rng.choices(pieces, k=rng.randint(1, 6)))] = rng.randint(1, 4)
    return words


def _pair_case(words):
    found = {word: list(pairwise(word.split())) for word in words}
    kinds = sorted(set(chain(*found.values())))
    counts = {pair: sum(times * found[word].count(pair) for word, times in words.items()) for pair in kinds}
    equals = [list(pair) for pair in kinds if counts[pair] == max(counts.values())]
    # kinds are in order, and max takes the first of equals
    unweighted = max(kinds, key=lambda pair: sum(pairs.count(pair) for pairs in found.values()))
    once = max(kinds, key=lambda pair: sum(times for word, times in words.items() if pair in found[word]))
    apart, greedy = Counter(), Counter()  # two by two; and of "a a a" one "a a", as `str.count` does
    for word, times in words.items():
        apart.update(found[word][::2] * times)
        i = 0
        while i < len(found[word]):
            greedy[found[word][i]] += times
            i += 2 if len(set(found[word][i])) == 1 else 1
    overlap = [list(min(counted, key=lambda pair: (-counted[pair], pair))) for counted in (apart, greedy)]
    # of two strings that each count equally often any may be named: the hint is about what was counted
    letters, across = Counter(), Counter()
    for word, times in words.items():
        letters.update(list(pairwise(word.replace(" ", ""))) * times)
    row = [(token, times) for word, times in words.items() for token in word.split()]
    for (left, times), (right, _) in pairwise(row):
        across[left, right] += times
    mistakes = {"unweighted": [list(unweighted)], "once": [list(once)], "overlap": overlap, "tie": equals}
    for mistake, counted in (("letters", letters), ("across", across)):
        mistakes[mistake] = [list(pair) for pair in counted if counted[pair] == max(counted.values())]
    return (words,), equals[0], mistakes


@question("tokens.q2", answer="bpe", kind="function")
def q2(bpe, rng):
    answer = bpe("abcab", [["b", "c"], ["a", "b"]])
    expect(
        type(answer) is list and all(type(x) is str for x in answer),
        t("要返回字符串的列表。", "Return a list of strings."),
    )
    expect("".join(answer) == "abcab", t(*HINTS["joined"]))
    # "aaa" tells left to right from right to left, "ababa" a rule used up from one used once
    fixed = (
        ("ab", []),
        ("abc", [["b", "c"], ["a", "b"], ["ab", "c"]]),
        ("abc", [["a", "b"], ["b", "c"], ["ab", "c"], ["a", "bc"]]),
        ("aaa", [["a", "a"]]),
        ("ababa", [["a", "b"], ["b", "a"]]),
    )
    diagnose(bpe, [*(_cut_case(*_cut_input(rng)) for _ in range(60)), *(_cut_case(*one) for one in fixed)], HINTS, "q2")


def _cut_input(rng):
    letters = rng.choice(["ab", "abc", "old", "天气今", "a.", "A|a", "+-", "a "])
    merges = _random_merges(rng, letters)
    return "".join(rng.choices(letters, k=rng.randint(1, 9))), merges


def _cut_case(word, merges):
    leftmost = _one_by_one(word, merges, lambda fits: min(fits, key=lambda fit: fit[1]))
    replaced = " ".join(word)
    for left, right in merges:
        replaced = replaced.replace(f"{left} {right}", left + right)
    mistakes = {
        "unmerged": [list(word)],
        "replace": [replaced.split()],
        "order": [leftmost, _longest_first(word, merges)],
        "reversed": [_one_by_one(word, merges, max)],
        "backwards": [_one_by_one(word, merges, lambda fits: min(fits, key=lambda fit: (fit[0], -fit[1])))],
    }
    return (word, merges), _library(word, merges), mistakes


def _library(word, merges):
    """The word's tokens by the `tokenizers` library."""
    from tokenizers import Tokenizer, models

    letters = [*word, *(letter for merge in merges for side in merge for letter in side)]
    pieces = dict.fromkeys([*letters, *(left + right for left, right in merges)])
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    return Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(merge) for merge in merges])).encode(word).tokens


def _random_merges(rng, letters):
    """Merges as training might learn them: each of tokens that were there before, though not the most frequent."""
    words, merges = ["".join(rng.choices(letters, k=rng.randint(2, 8))) for _ in range(6)], []
    for _ in range(rng.randint(1, 6)):
        there = [list(pair) for word in words for pair in pairwise(_library(word, merges))]
        if there:
            merges.append(rng.choice(there))
    return merges


def _one_by_one(word, merges, pick):
    """Merging one place at a time: `pick` chooses among (rank, position) of all that could be merged."""
    pieces = list(word)
    while fits := [(merges.index(list(pair)), i) for i, pair in enumerate(pairwise(pieces)) if list(pair) in merges]:
        _, i = pick(fits)
        pieces[i : i + 2] = ["".join(pieces[i : i + 2])]
    return pieces


def _longest_first(word, merges):
    known, pieces, i = {left + right for left, right in merges}, [], 0
    while i < len(word):
        end = next((end for end in range(len(word), i, -1) if word[i:end] in known), i + 1)
        pieces.append(word[i:end])
        i = end
    return pieces


@question("tokens.q3", answer="whole", kind="function")
def q3(whole, rng):
    expect(type(whole([[97]], 1)) is str, t("要返回一个字符串。", "Return a string."))
    # of the last character three of four bytes are left
    cut = _budget_case("a🙂", [[97, 240], [159, 153], [130]], 2)
    diagnose(whole, [*(_budget_case(*_budget_input(rng)) for _ in range(60)), cut], HINTS, "q3")


def _budget_input(rng):
    text = "".join(rng.choices("aéя你好，🙂𠮷Z \n\ufeff\ufffd", k=rng.randint(0, 12)))
    left, pieces = list(text.encode()), []
    while left:
        size = rng.randint(1, 5)
        pieces.append(left[:size])
        left = left[size:]
    return text, pieces, rng.randint(0, len(pieces) + 2)


def _budget_case(text, pieces, budget):
    data = bytes(chain(*pieces[:budget]))
    # the characters of the text that end within these bytes
    right = "".join(c for i, c in enumerate(text) if len(text[: i + 1].encode()) <= len(data))
    mistakes = {
        "garbage": [data.decode("utf-8", "replace")],
        "apart": ["".join(bytes(piece).decode("utf-8", "ignore") for piece in pieces[:budget])],
        "numbers": ["".join(map(chr, data))],
        "blanks": [right.strip(), right.rstrip(), right.lstrip(), right.replace(" ", "")],
        "unlimited": [text],
        "characters": [text[:budget]],
        "bytes": [bytes(list(chain(*pieces))[:budget]).decode("utf-8", "ignore")],
        "dropped": [right[:n] for n in range(len(right) + 1)],
    }
    return (pieces, budget), right, mistakes


@question("tokens.q4", answer="savings", kind="function")
def q4(savings, rng):
    answer = savings("cold cold old", ["cold", "bold"], 2)
    expect(
        type(answer) is list and len(answer) == 2 and all(type(x) is int for x in answer),
        t("要返回两个整数的列表。", "Return a list of two whole numbers."),
    )
    diagnose(savings, [_savings_case(rng) for _ in range(25)], HINTS, "q4")


def _savings_case(rng):
    """A short text to train on, and pieces of its words and of one that is new: joined, more could be merged."""
    words = rng.choice([["cold", "old", "gold", "mild", "wild", "café"], ["天气", "今天", "明天", "气温", "好"]])
    training = rng.choice([" ", "\n"]).join(rng.choices(rng.sample(words, len(words) - 1), k=rng.randint(6, 12)))
    row = rng.choice(["", " "]).join(rng.choices(words, k=5))
    cuts = sorted(rng.sample(range(1, len(row)), rng.randint(1, 3)))
    texts = [row[a:b] for a, b in pairwise([0, *cuts, len(row)])]
    texts.append(rng.choice(texts))
    n = rng.choice([1, 2, 3, 4, 40])
    learned = list(tokens.train_bpe(training, 2 * n).items())

    def used(merges, counted=texts):
        """How many tokens there are in all."""
        return sum(len(tokens.encode(text, dict(merges))) for text in counted)

    def saved(merges=learned, counted=texts):
        a, b, c = (used(merges[:k], counted) for k in (0, n, 2 * n))
        return [a - b, b - c]

    first, second = saved()
    joined = [between.join(texts) for between in ("\n", " ", "")]
    trained = [text for one in joined for text in (one, f"{training}\n{one}", f"{training} {one}", training + one)]
    mistakes = {
        "seen": [saved(counted=[training]), saved(counted=training.split())],
        "trained on texts": [saved(list(tokens.train_bpe(text, 2 * n).items())) for text in trained],
        "too few": [[first, 0]],
        "second alone": [[first, used([]) - used(learned[n:])]],
        "characters of texts": [[sum(map(len, texts)) - used(learned[:n]), second]],
        "sum": [[first, first + second]],
        "left": [[used(learned[:n]), used(learned)]],
        "sign": [[-first, -second]],
        "swapped": [[second, first]],
        "one text": [saved(counted=[text]) for text in joined],
    }
    return (training, texts, n), [first, second], mistakes


@question("tokens.q5", answer="chat_cost", kind="function")
def q5(chat_cost, rng):
    number = type(chat_cost([[100, 300]], 2.0, 8.0)) in (int, float)
    expect(number, t("要返回一个数，单位是钱。", "Return a number, an amount of money."))
    diagnose(chat_cost, [_chat_case(rng) for _ in range(40)], HINTS, "q5")
    expect(close(chat_cost([], 2.0, 8.0), 0), t("一轮也没有，价钱是 0。", "No turns cost nothing."))


def _chat_case(rng):
    turns = rng.choices(
        [[rng.randint(0, 3000), rng.choice([0, rng.randint(1, 3000)])] for _ in range(4)],
        k=rng.choice([1, 2, 3, 4, 12]),
    )
    price_in, price_out = (price / 1000 for price in rng.sample([0, *range(1, 20000)], 2))
    asked, told = [q for q, _ in turns], [a for _, a in turns]
    again = sum(sum(asked[:i]) + sum(told[:i]) for i in range(len(turns)))
    read, written = again + sum(asked), sum(told)

    def money(read, written):
        return (read * price_in + written * price_out) / 1e6

    right = money(read, written)
    mistakes = {
        "no history": [money(sum(asked), written)],
        "questions": [money(sum(sum(asked[: i + 1]) for i in range(len(turns))), written)],
        "own answer": [money(read + written, written)],
        "own question": [money(again, written)],
        "rewritten": [money(read, again + written)],
        "million": [right * 1e6, right * 1e3],
        "prices": [money(written, read)],
        "last turn": [money(sum(asked) + sum(told[:-1]), written)],
        "previous": [money(sum(asked) + sum(asked[:-1]) + sum(told[:-1]), written)],
        "one price": [money(read + written, 0), money(0, read + written), money(read, 0), money(0, written)],
        "rounded": [round(right, digits) for digits in range(7)],
    }
    return (turns, price_in, price_out), right, mistakes
