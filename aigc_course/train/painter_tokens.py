"""The painter's tokenizer: CLIP's byte-level BPE with merges built by hand, so that each word is one token."""

from functools import cache
from itertools import pairwise, product

from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTokenizer

CONTEXT = 24  # tokens of a prompt, start and end included
START, END, FINAL = "<|startoftext|>", "<|endoftext|>", "</w>"
ENGLISH = """a an picture of on with at the left right top bottom above below background small large
red green blue yellow purple orange white black grey pale pink
circle square triangle star heart diamond sun house tree cat smiling face ,"""
CHINESE = """红色 绿色 蓝色 黄色 紫色 橙色 白色 黑色 灰色 浅蓝色 浅粉色
圆形 正方形 三角形 星形 心形 菱形 太阳 房子 树 猫 笑脸
左边 右边 上面 下面 上方 下方 左侧 右侧 左上角 右上角 左下角 右下角
小 大 一个 一座 一棵 一只 一张 背景 上 的 有 在 ，"""


def build_tokenizer() -> CLIPTokenizer:
    """The same for every seed. An unknown word falls apart into bytes, of which the painter has learned none."""
    vocab, merges = _vocabulary()
    return CLIPTokenizer(vocab=dict(vocab), merges=list(merges), pad_token=END, model_max_length=CONTEXT)


@cache
def _vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    alphabet = sorted(ByteLevel.alphabet())
    tokens = [START, END, *alphabet, *(letter + FINAL for letter in alphabet)]
    merges: dict[tuple[str, str], None] = {}
    # characters first, or 上方 would join 上 to the first byte of 有; a Chinese word may stand inside a run of letters
    # or at its end, an English one always ends at a space
    chinese = [*dict.fromkeys(CHINESE.replace(" ", "").replace("\n", "")), *CHINESE.split()]
    for word, final in [*product(chinese, (False, True)), *((w, True) for w in ENGLISH.split())]:
        pieces = _apply(_letters(word, final), merges)
        while len(pieces) > 1:  # what earlier merges leave apart is joined by later ones, so those keep their effect
            merges.setdefault((pieces[0], pieces[1]))
            pieces = _apply(pieces, merges)
    tokens += dict.fromkeys(a + b for a, b in merges)
    return {token: i for i, token in enumerate(tokens)}, list(merges)


def _letters(word: str, final: bool) -> list[str]:
    [(spelled, _)] = ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(word)
    return [*spelled[:-1], spelled[-1] + (FINAL if final else "")]


def _apply(pieces: list[str], merges: dict[tuple[str, str], None]) -> list[str]:
    """Byte-pair encoding: the earliest merge that fits, again and again."""
    order = {pair: i for i, pair in enumerate(merges)}
    while found := [(order[p], i) for i, p in enumerate(pairwise(pieces)) if p in order]:
        _, i = min(found)
        pieces = [*pieces[:i], pieces[i] + pieces[i + 1], *pieces[i + 2 :]]
    return pieces
