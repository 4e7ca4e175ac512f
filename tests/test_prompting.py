"""Prompts in parts: what the checks find, what the best guesser can do, and whether the bundled model follows them."""

import json
import random

import jsonschema
import pytest
import torch

from aigc_course import course, hub, prompting, tables
from aigc_course.errors import CourseError
from aigc_course.prompting import FIELDS, FORMATS, PARTS, WORDS, Record, Wish
from aigc_course.sampling import wilson
from aigc_course.stories import LANGS, held_out
from aigc_course.train import manifest, prompted, prompted_texts, prompting_runs

VALUES = {
    "zh": {"seller": "林朵", "thing": "木凳", "price": "85", "place": "青石桥", "day": "周三"},
    "en": {"seller": "Doru", "thing": "stool", "price": "85", "place": "Kelu Bridge", "day": "Friday"},
}
STALL = {lang: Record(lang, values) for lang, values in VALUES.items()}
WISHED = Wish(("price", "place"), "clerk", "json", "sign", " / ")


def drawn(lang: str, many: int = 200):
    rng = random.Random(lang)
    return [(prompted_texts.wish(rng), prompted_texts.record(rng, lang)) for _ in range(many)]


# ---- answers and what is read in them ------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGS)
def test_the_wished_answer_is_judged_right_in_every_way_and_passes_every_check(lang):
    for wished, record in drawn(lang):
        text = prompting.answer(wished, record)
        assert all(prompting.judged(text, wished, record).values()), (text, wished)
        assert prompting.unfounded(text, record) == [] and prompting.slips(text) == []
        assert prompting.read(text, lang).format == wished.format
        if wished.format == "json":
            assert prompting.misshapen(text, prompting.schema(wished.fields, lang)) == ""


@pytest.mark.parametrize(
    ("lang", "text", "faults"),
    [
        ("zh", '{"价格": "¥85", "地点": "青石塔"}', {"facts", "task"}),
        ("zh", '{"价格": "85元", "地点": "青石桥"}', {"habits"}),
        ("zh", '{"地点": "青石桥", "价格": "¥85"}', {"task"}),
        ("zh", '{"价格": "¥85"}', {"task"}),
        ("zh", '{"店主": "¥85", "地点": "青石桥"}', {"facts", "task"}),
        ("zh", "价格：¥85 / 地点：青石桥", {"format"}),
        ("en", "place: ¥85 / price: Kelu Bridge", {"facts", "task", "format"}),
        ("zh", "您好，价格是¥85，地点是青石桥。", {"format"}),
        ("en", '{"price": "¥85", "place": "Kelu Bridge"', {"facts", "task", "format"}),
        ("en", "Hey, the price is ¥85, the place is Kelu Bridge!", {"format"}),
        ("en", "", {"facts", "task", "format"}),
    ],
)
def test_each_fault_is_named(lang, text, faults):
    found = prompting.judged(text, WISHED, STALL[lang])
    assert {name for name, good in found.items() if not good} == faults | {"all"}


def test_a_voice_and_a_separator_are_faults_where_they_can_be_heard():
    spoken, line = WISHED._replace(format="sentence"), WISHED._replace(format="line")
    assert not prompting.judged("嘿，价格是¥85，地点是青石桥！", spoken, STALL["zh"])["voice"]
    assert not prompting.judged("价格：¥85 | 地点：青石桥", line, STALL["zh"])["habits"]
    assert prompting.judged("价格：¥85", line._replace(fields=("price",)), STALL["zh"])["all"]
    bare = prompting.judged("¥85 / 青石桥", line, STALL["zh"])  # without names it is a line, and not the wished one
    assert bare == {**dict.fromkeys(bare, True), "all": False}


# ---- the checks ----------------------------------------------------------------------------------------------------


def test_the_schema_agrees_with_a_library():
    wanted = prompting.schema(("price", "place"), "en")
    good = {"price": "¥85", "place": "Kelu Bridge"}
    cases = [
        good,
        good | {"price": "85 yuan"},
        good | {"price": "85.00"},
        good | {"price": "85"},
        good | {"price": 85},
        good | {"day": "Friday"},
        {"price": "¥85"},
        {},
        [],
        "¥85",
        None,
    ]
    for case in cases:
        valid = jsonschema.Draft202012Validator(wanted).is_valid(case)
        assert (prompting.misshapen(json.dumps(case), wanted) == "") == valid, case
    assert prompting.misshapen('{"price": ', wanted) == "not JSON"


def test_the_fact_check_finds_what_is_not_in_the_record_and_what_stands_under_another_name():
    assert prompting.unfounded("您好，价格是¥58，地点是青石桥。", STALL["zh"]) == ["¥58"]
    assert prompting.unfounded('{"seller": "Kelu Bridge"}', STALL["en"]) == ["Kelu Bridge"]
    assert prompting.unfounded("85 yuan / Kelu Lane", STALL["en"]) == ["Kelu Lane"]
    assert prompting.unfounded("85 yuan / Kelu Bridge", STALL["en"]) == []  # asked for or not, it cannot tell


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("He sells an stool.", ["an before a consonant"]),
        ("He sells a umbrella.", ["a before a vowel"]),
        ("the the price", ["doubled word"]),
        ("价格的的确", ["doubled word"]),
        ("(85", ["brackets"]),
        ("85)", ["brackets"]),
        ('{"price": "85}', ["brackets"]),
        ("He sells an umbrella for an hour.", []),
        ("", []),
    ],
)
def test_slips(text, found):
    assert prompting.slips(text) == found


def test_drafts_are_taken_until_one_passes():
    assert prompting.until(str.isdigit, ["a", "7", "8"]) == ("7", 2)
    assert prompting.until(str.isdigit, ["a", "b"]) == (None, 2)
    assert prompting.until(str.isdigit, []) == (None, 0)


# ---- prompts -------------------------------------------------------------------------------------------------------


def test_a_prompt_holds_its_parts_in_order():
    shown = ((STALL["zh"], "¥85"),)
    text = prompting.prompt(STALL["zh"], "你是店员。", "说价格。", "写 JSON。", shown)
    first, example, reply, record, end = text.split("\n")
    assert first == "你是店员。说价格。写 JSON。" and (reply, end) == ("答：¥85", "答：")
    assert example == f"例：{STALL['zh']}" and record == f"记录：{STALL['zh']}"


def test_bad_input_is_one_sentence():
    with pytest.raises(CourseError, match="empty"):
        prompting.prompt(Record("en", {}))
    with pytest.raises(CourseError, match="too long"):
        prompting.answers(["word " * 600])


# ---- what the model is shown ---------------------------------------------------------------------------------------


def test_training_and_exam_share_no_record_and_no_wording():
    for lang in LANGS:
        words = WORDS[lang]
        forms = [words["task"], words["role"], words["polite"], *words["format"].values()]
        assert all(not set(form["seen"]) & set(form["unseen"]) for form in forms)

    def facts(record):
        return tuple(record.values[field] for field in FIELDS)

    rng = random.Random(0)
    seen = {facts(prompted_texts.record(rng, lang)) for lang in LANGS for _ in range(5000)}
    assert not seen & {facts(q.record) for q in prompted_texts.exam(3, 20)}
    assert not any(held_out("".join(one)) for one in seen)


def test_whatever_stands_in_a_record_is_one_token():
    tokenizer = prompted_texts.build_tokenizer()
    made = [word for lang in LANGS for words in WORDS[lang]["made"].values() for word in words]
    made += map(str, range(1, prompted_texts.DEAREST + 1))
    assert all(len(tokenizer(word, add_special_tokens=False)["input_ids"]) == 1 for word in made)


def test_only_answers_are_learned_from_and_each_ends():
    tokenizer = prompted_texts.build_tokenizer()
    rng = random.Random(0)
    for text in [prompted_texts.training(rng, LANGS[i % 2]) for i in range(40)]:
        [(seen, aims)] = prompted.encode(tokenizer, [text])
        learned = [aim for aim in aims if aim >= 0]
        wanted = "</s>".join(piece.rstrip("\n") for piece, ours in text if ours) + "</s>"
        assert len(seen) == len(aims) and tokenizer.decode(learned) == wanted


def test_the_best_guesser_knows_what_is_said_and_no_more():
    """By simulation: whoever takes the most frequent answer of fresh wishes that fit the prompt is as often right."""
    rng = random.Random(5)
    full = prompted_texts.asked(rng, "en", PARTS, WISHED)
    assert prompted_texts.ceiling(full) == pytest.approx(1)
    told = prompted_texts.asked(rng, "en", ("task", "format"), WISHED)
    assert prompted_texts.ceiling(told) == pytest.approx(1 / 3)  # one of three ways to write the price
    bare = prompted_texts.asked(rng, "en", (), WISHED)
    texts = [prompting.answer(prompted_texts.wish(rng), bare.record) for _ in range(20_000)]
    commonest = max(texts.count(text) for text in set(texts)) / len(texts)
    assert prompted_texts.ceiling(bare) == pytest.approx(commonest, abs=0.01)


# ---- the bundled model ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def entry():
    return manifest.read(manifest.ZOO)["prompted"]


def test_it_follows_all_parts_on_fresh_questions():
    questions = [q for q in prompted_texts.exam(9, 30) if q.parts == PARTS]
    right = [
        reply == prompting.answer(q.wish, q.record)
        for q, [reply] in zip(questions, prompting.answers([q.prompt for q in questions]), strict=True)
    ]
    assert wilson(len(right) - sum(right), len(right))[0] <= prompted.BARS["wrong_full"]


def test_every_seed_was_measured_and_none_beats_the_best_guesser(entry):
    seeds = {entry["seed"]: entry["metrics"]} | entry["other_seeds"]
    assert len(seeds) == len(prompted.SEEDS) and entry["settings"] == prompted.settings(entry["seed"])
    for metrics in seeds.values():
        assert metrics["wrong_full"] <= prompted.BARS["wrong_full"]
        assert wilson(round(metrics["right"] * metrics["n"]), metrics["n"])[0] <= metrics["best"]


def test_sampling_is_repeatable():
    prompts = [q.prompt for q in prompted_texts.exam(4, 1)][:4]
    both = [
        prompting.answers(prompts, temperature=1.0, samples=2, generator=torch.Generator().manual_seed(3))
        for _ in range(2)
    ]
    assert both[0] == both[1] and all(len(group) == 2 for group in both[0])


def test_the_table_is_what_the_models_do():
    rows = tables.rows(course.root() / "datasets" / "prompting_runs.csv", prompting_runs.COLUMNS)
    assert {row[0] for row in rows} == {str(seed) for seed in prompted.SEEDS}
    sets = [row for row in rows if row[1] == "parts"]
    assert len({row[2] for row in sets}) == 16 and {row[3] for row in sets} == set(LANGS)
    assert all(0 <= float(hits) <= int(n) for *_, n, hits in rows)
    kept = {tuple(row[1:5]): row for row in rows if row[0] == str(prompted.SEEDS[0])}
    known = {(q.parts, q.record.lang): None for q in prompted_texts.exam(1, 1)}
    assert len(known) == 32
    questions = [q for q in prompted_texts.exam(1, prompting_runs.EACH) if q.parts == PARTS and q.record.lang == "zh"]
    replies = prompting.answers([q.prompt for q in questions])
    right = sum(r == prompting.answer(q.wish, q.record) for q, [r] in zip(questions, replies, strict=True))
    assert abs(right - float(kept["parts", "rtfe", "zh", "all"][6])) <= 3  # another processor rounds otherwise


def test_formats_and_fields_have_their_words():
    for lang in LANGS:
        assert set(WORDS[lang]["fields"]) == set(WORDS[lang]["asked"]) == set(FIELDS)
        assert set(WORDS[lang]["format"]) == set(FORMATS)
    assert hub.read_manifest(hub.zoo_dir())["prompted"]["settings"]["shape"] == [prompted.WIDTH, prompted.LAYERS]
