"""BPE by hand against the `tokenizers` library; production tokenizers byte for byte; what the lesson says of them."""

import ast
import csv
import hashlib
import inspect
import json
import random
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from aigc_course import course, tokenizers_zoo, tokens
from aigc_course.errors import CourseError

CORE = [
    tokens.units,
    tokens.byte_ids,
    tokens.count_pairs,
    tokens.merge,
    tokens.train_bpe,
    tokens.encode,
    tokens.token_bytes,
    tokens.decode,
]
# letters, combining marks, joiners, Chinese within and beyond the first plane, emoji, spaces, a real U+FFFD
AWKWARD = "ab zé\u0301\u200d\ufe0f今天饕龘𠮷，。🙂👨‍👩‍👧🇨🇳\t\n\r\u00a0\u3000\ufffd\0"
anything = st.text(st.characters(exclude_categories=["Cs"])) | st.text(AWKWARD, max_size=40)


def library(text: str, n_merges: int, pattern: str) -> Tokenizer:
    """The `tokenizers` library trained on `text` with room for `n_merges` merges."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=256 + n_merges, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator([text], trainer)
    return tokenizer


def library_merges(tokenizer: Tokenizer) -> list[tuple[tuple[int, int], int]]:
    model = json.loads(tokenizer.to_str())["model"]
    ids = model["vocab"]
    pairs = [merge.split(" ") if isinstance(merge, str) else merge for merge in model["merges"]]
    return [((ids[a], ids[b]), ids[a + b]) for a, b in pairs]


@pytest.fixture(scope="module")
def passages() -> list[dict[str, str]]:
    with open(course.root() / "datasets" / "parallel_texts.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ALPHABETS = [
    "ab",
    "abc ",
    "aab b",
    "old er",
    "天气今 a,，.\n",
    "今天天气不错我决定去公园，",
    "🙂e\u0301à 12中中中国",
    AWKWARD,
]


@pytest.mark.parametrize("pattern", [tokens.UNIT, tokens.WHOLE, r"\n|[^\n]{1,4}"])
@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_merges_and_ids_are_the_librarys_on_random_texts_full_of_ties(alphabet, pattern):
    rng = random.Random(f"{alphabet}{pattern}")
    for _ in range(25):
        text = "".join(rng.choices(alphabet, k=rng.randrange(150)))
        n_merges = rng.randrange(60)
        merges, theirs = tokens.train_bpe(text, n_merges, pattern), library(text, n_merges, pattern)
        assert list(merges.items()) == library_merges(theirs)
        other = "".join(rng.choices(alphabet, k=rng.randrange(80)))
        ids = tokens.encode(other, merges, pattern)
        assert ids == theirs.encode(other).ids
        assert tokens.decode(ids, merges) == theirs.decode(ids) == other


def test_merges_and_ids_are_the_librarys_on_the_passages(passages):
    text = "\n".join(p["zh"] + "\n" + p["en"] for p in passages[:15])
    merges, theirs = tokens.train_bpe(text, 300), library(text, 300, tokens.UNIT)
    assert list(merges.items()) == library_merges(theirs)
    for p in passages[15:]:
        assert tokens.encode(p["zh"] + p["en"], merges) == theirs.encode(p["zh"] + p["en"]).ids


def test_training_stops_when_no_pair_is_left():
    assert tokens.train_bpe("", 5) == {} == tokens.train_bpe("a", 5)
    assert tokens.train_bpe("aaaa", 5) == {(64, 64): 256, (256, 256): 257}


def test_the_idea_takes_forty_lines():
    def code_lines(function) -> int:
        source = inspect.getsource(function)
        body = ast.parse(source).body[0].body
        docstring = range(body[0].lineno, body[0].end_lineno + 1)
        lines = enumerate(source.splitlines(), start=1)
        return sum(bool(line.strip()) and not line.strip().startswith("#") and n not in docstring for n, line in lines)

    assert sum(map(code_lines, CORE)) <= 40


MERGES = tokens.train_bpe(
    "今天天气不错，我决定去公园。 The weather is nice today, so I decided to go. 🙂🙂 é é" * 2, 60
)


@given(anything)
def test_round_trip_for_any_text(text):
    for pattern in (tokens.UNIT, tokens.WHOLE):
        assert tokens.decode(tokens.encode(text, MERGES, pattern), MERGES) == text
        assert "".join(tokens.units(text, pattern)) == text


@given(anything)
def test_the_replay_begins_with_bytes_and_ends_with_the_tokens(text):
    steps, table = tokens.merge_steps(text, MERGES), tokens.token_bytes(MERGES)
    assert steps[0] == (None, [bytes([byte]) for byte in text.encode()])
    assert steps[-1][1] == [table[i] for i in tokens.encode(text, MERGES)]
    learned = [tuple(table[i] for i in pair) for pair in MERGES]
    order = [learned.index(pair) for pair, _ in steps[1:]]
    assert order == sorted(set(order)), "merges come in the order learned, each once"
    for (_, before), (pair, after) in pairwise(steps):
        assert b"".join(after) == text.encode() and len(after) < len(before)
        assert pair not in set(pairwise(after)) or pair[0] == pair[1]


@given(anything)
def test_shown_tokens_have_no_replacement_character_of_their_own(text):
    for piece in tokens.merge_steps(text, MERGES)[0][1]:
        assert "\ufffd" not in tokens.show(piece)
    assert ("\ufffd" in tokens.show(text.encode())) == ("\ufffd" in text)


def test_show():
    assert tokens.show(" 天\n".encode()) == "␣天⏎"
    assert tokens.show("天".encode()[:2] + b"a") == "⟨E5 A4⟩a"
    assert tokens.show("\u200d\0".encode()) == "⟨U+200D⟩⟨U+0000⟩"


@pytest.mark.parametrize("text", ["\ud800", "好\udfff", "\ud83d"])
def test_half_a_character_is_refused_with_a_sentence(text):
    calls = [lambda: tokens.encode(text, MERGES), lambda: tokens.train_bpe(text, 3), lambda: tokens.byte_ids(text)]
    calls += [lambda split=split: split(text) for split in tokenizers_zoo.available().values()]
    for call in calls:
        with pytest.raises(CourseError) as caught:
            call()
        assert f"第 {len(text)} 个字符" in caught.value.zh and f"Character {len(text)} " in caught.value.en


def test_ids_that_cut_a_character_or_do_not_exist_are_refused_with_a_sentence():
    with pytest.raises(CourseError, match="1"):
        tokens.decode(tokens.encode("龘", {})[:2], {})
    for wrong in (300, -1):
        with pytest.raises(CourseError, match=str(wrong)):
            tokens.decode([5, wrong], {})


# production tokenizers

NAMES = list(tokenizers_zoo.available())


def test_the_tokenizers_inside_packages_are_there():
    assert {"lm", "Qwen", "Tekken", "Mistral-v1"} <= set(NAMES)
    assert tokenizers_zoo.missing_sentence() == ""
    assert {name: tokenizers_zoo.vocab_size(name) // 1000 for name in ("Qwen", "Tekken", "Mistral-v1")} == {
        "Qwen": 151,
        "Tekken": 131,
        "Mistral-v1": 32,
    }


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(anything)
def test_the_pieces_are_the_texts_bytes(name, text):
    pairs = tokenizers_zoo.available()[name](text)
    assert b"".join(piece for _, piece in pairs) == text.encode()
    assert all(0 <= i < tokenizers_zoo.vocab_size(name) for i, _ in pairs)


@pytest.mark.parametrize("name", NAMES)
def test_text_that_looks_like_a_control_token_is_text(name):
    text = "<s></s> <|endoftext|> <|im_start|> [INST] ▁▁"
    pairs = tokenizers_zoo.split(name, text)
    assert b"".join(piece for _, piece in pairs) == text.encode() and len(pairs) > 10


@pytest.mark.parametrize("name", NAMES)
def test_long_texts_are_read_up_to_the_limit_and_refused_beyond_it(name):
    for text in (" " * tokenizers_zoo.MAX_CHARS, "天" * tokenizers_zoo.MAX_CHARS):
        assert b"".join(piece for _, piece in tokenizers_zoo.split(name, text)) == text.encode()
    with pytest.raises(CourseError, match=str(tokenizers_zoo.MAX_CHARS)):
        tokenizers_zoo.split(name, "a" * (tokenizers_zoo.MAX_CHARS + 1))


def test_qwen_and_tekken_give_their_libraries_ids(passages):
    from dashscope.tokenizers import get_tokenizer
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    qwen, tekken = get_tokenizer("qwen-7b-chat"), Tekkenizer.from_file(tokenizers_zoo.source("Tekken").find())
    for p in passages[:10]:
        for text in (p["zh"], p["en"]):
            assert [i for i, _ in tokenizers_zoo.split("Qwen", text)] == qwen.encode(text)
            assert [i for i, _ in tokenizers_zoo.split("Tekken", text)] == tekken.encode(text, bos=False, eos=False)


def test_a_name_that_is_not_there_is_refused_with_the_names_that_are():
    with pytest.raises(CourseError) as caught:
        tokenizers_zoo.split("Claude", "hello")
    assert "Qwen" in caught.value.zh and "Qwen" in caught.value.en


def test_missing_packages_are_no_error_but_a_sentence(monkeypatch):
    monkeypatch.setattr(tokenizers_zoo, "find_spec", lambda name: None)
    assert set(tokenizers_zoo.available()) == {"lm"}
    assert "Qwen" in tokenizers_zoo.missing_sentence() and "pip install" in tokenizers_zoo.missing_sentence()


def test_openais_tokenizer_is_used_only_from_a_whole_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    find = tokenizers_zoo._tiktoken_cache("made_up", hashlib.sha256(b"whole").hexdigest())
    assert find() is None
    file = tmp_path / hashlib.sha1(f"{tokenizers_zoo._OPENAI}made_up.tiktoken".encode()).hexdigest()
    file.write_bytes(b"cut sho")
    assert find() is None
    file.write_bytes(b"whole")
    assert find() == file


def test_the_cache_has_the_name_and_hash_that_tiktoken_uses():
    import tiktoken_ext.openai_public

    theirs = inspect.getsource(tiktoken_ext.openai_public)
    ours = inspect.getsource(tokenizers_zoo)
    for name, sha256 in re.findall(r'_tiktoken_cache\("(\w+)", "(\w+)"\)', ours):
        assert f"{tokenizers_zoo._OPENAI}{name}.tiktoken" in theirs and sha256 in theirs


# counting and money


def test_counts():
    assert tokens.words_in("It's a two-day trip — 3 km, “far”!  ") == 7
    assert tokens.han_in("今天 is 好，𠮷3〇。") == 4
    assert tokens.window_share(2048, 8192) == 0.25
    assert tokens.cost(1_000_000, 500_000, 2.0, 8.0) == 6.0
    assert tokens.cost(10, 20, 1, 2, per=10) == 5


@pytest.mark.parametrize(
    "call",
    [
        lambda: tokens.window_share(-1, 10),
        lambda: tokens.window_share(1, 0),
        lambda: tokens.cost(-1, 0, 1, 1),
        lambda: tokens.cost(1, 1, 1, -1),
        lambda: tokens.cost(1, 1, 1, 1, per=0),
    ],
)
def test_impossible_quantities_are_refused_with_a_sentence(call):
    with pytest.raises(CourseError):
        call()


def test_the_bootstrap_interval_covers_the_truth_about_as_often_as_it_says():
    rng = random.Random(0)
    hits = 0
    for trial in range(200):
        bottoms = [rng.uniform(50, 150) for _ in range(60)]
        tops = [2 * bottom + rng.gauss(0, 20) for bottom in bottoms]
        value, low, high = tokens.ratio_interval(tops, bottoms, draws=400, seed=trial)
        assert low <= value <= high
        hits += low <= 2 <= high
    assert 0.9 <= hits / 200 <= 0.985


# the passages and what the lesson says about them


def test_the_passages(passages):
    assert len(passages) == 60 == len({p["id"] for p in passages}) == len({p["zh"] for p in passages})
    genres = [p["genre"] for p in passages]
    assert len(set(genres)) == 10 and all(genres.count(genre) == 6 for genre in genres)
    for p in passages:
        assert 70 <= tokens.words_in(p["en"]) <= 140 and tokens.han_in(p["en"]) == 0, p["id"]
        assert 0.95 <= tokens.han_in(p["zh"]) / tokens.words_in(p["en"]) <= 1.9, p["id"]
        assert not re.search(r"[,.!?;:] ?[一-鿿]|[一-鿿][,.!?;:]", p["zh"]), f"{p['id']}: half-width punctuation"


def test_what_the_lesson_says_of_the_ratios_is_so(passages):
    """The prose of section 8 of notebooks/src/tokens.md."""
    english, chinese = [p["en"] for p in passages], [p["zh"] for p in passages]
    names = ["Qwen", "Tekken", "Mistral-v1"]
    split = tokenizers_zoo.available()
    words = {name: tokens.per_100_tokens(split[name], english, tokens.words_in) for name in names}
    han = {name: tokens.per_100_tokens(split[name], chinese, tokens.han_in) for name in names}
    cost = {n: sum(len(split[n](s)) for s in chinese) / sum(len(split[n](s)) for s in english) for n in names}
    assert all(low > 75 for _, low, _ in words.values()), "all three hold more than 75 words"
    assert max(words.values())[0] / min(words.values())[0] < 1.06, "and differ little"
    assert 1.55 <= han["Qwen"][0] / han["Mistral-v1"][0] <= 1.65, "sixty per cent more characters"
    assert min(names, key=lambda name: abs(han[name][0] * 40.96 - 4000)) == "Tekken"
    assert cost["Qwen"] < 1 and 1.2 <= cost["Tekken"] < cost["Mistral-v1"] <= 1.45, "twenty to forty per cent more"
    sentence = "今天天气不错，我决定"
    assert [piece.decode() for _, piece in split["Mistral-v1"](sentence) if piece] == list(sentence)
    assert len(split["Qwen"](sentence)) < len(sentence)
    assert all(len(split[n]("2024")) - (n == "Mistral-v1") == 4 for n in names), "each digit is a token"


@pytest.mark.skipif(not {"Qwen", "Mistral-v1"} <= set(tokenizers_zoo.available()), reason="needs both tokenizers")
def test_the_numbers_in_the_marking_guide_of_the_lab():
    guide = course.lesson("tokens").lab_source.read_text("utf-8")
    with open(course.root() / "datasets" / "parallel_texts.csv", encoding="utf-8", newline="") as file:
        texts = [row["zh"] for row in csv.DictReader(file)]
    characters = sum(len(re.findall("[一-鿿]", text)) for text in texts)
    needed = [sum(map(len, map(tokenizers_zoo.available()[name], texts))) for name in ("Mistral-v1", "Qwen")]
    few, many = (round(4096 * characters / n, -1) for n in needed)
    assert f"约 {few:.0f} 和 {many:.0f} 个汉字" in guide and f"about {few:.0f} and {many:.0f} Chinese" in guide
    assert "六成左右" in guide and "some 60 %" in guide and 1.55 < needed[0] / needed[1] < 1.65
