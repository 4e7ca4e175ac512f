"""The bundled model against the grammar's truth, and the training that makes it."""

import hashlib
import math
import os
import random
import signal
import time
import tomllib

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors import SafetensorError
from transformers import AutoModelForCausalLM, AutoTokenizer

from aigc_course import grammar, train
from aigc_course.errors import CourseError
from aigc_course.grammar_program import words_as_written, written
from aigc_course.train import lm, manifest
from aigc_course.train.loop import CHECKPOINT, fit, load_checkpoint, save_checkpoint

FOLDER = manifest.ZOO / "lm"


@pytest.fixture(scope="module")
def tokenizer():
    return AutoTokenizer.from_pretrained(FOLDER)


@pytest.fixture(scope="module")
def model():
    return AutoModelForCausalLM.from_pretrained(FOLDER, dtype=torch.float32).eval()


@pytest.fixture
def tiny(monkeypatch, tokenizer):
    """The recipe cut down to seconds; on one thread, where results are equal bit by bit."""
    monkeypatch.setattr(lm, "build_tokenizer", lambda: tokenizer)
    for name, value in {"STEPS": 6, "DOCUMENTS": 8, "DRAWN": 20, "EVERYDAY": 0.03, "SEEDS": (1, 2)}.items():
        monkeypatch.setattr(lm, name, value)
    monkeypatch.setattr(train, "THREADS", 1)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# ---- the tokenizer -------------------------------------------------------------------------------------------------


def test_tokens_are_the_grammars_words(tokenizer):
    """In every kind of sentence; and each beginning of it, as a person types it, is a beginning of its tokens."""
    rng = random.Random(6)
    encode = lm.Encoder(tokenizer)
    for _ in range(2500):
        words = grammar.load().sample(rng)
        ids = tokenizer.encode(grammar.join(words))
        assert ids[0] == tokenizer.bos_token_id
        assert [tokenizer.decode([i]) for i in ids[1:]] == words_as_written(words)
        assert encode(words) == [*ids, tokenizer.eos_token_id]
        cut = rng.randrange(len(words))
        assert tokenizer.encode(grammar.join(words[:cut])) == ids[: cut + 1]
    for lang in ("zh", "en"):
        for word in grammar.words(lang):
            assert len(tokenizer.encode(written(word, first=False), add_special_tokens=False)) == 1, word


def test_lecture_sentence_in_tokens(tokenizer):
    pieces = [tokenizer.decode([i]) for i in tokenizer.encode("今天天气不错，我决定去公园")]
    assert pieces == ["<s>", "今天", "天气", "不错", "，", "我", "决定", "去", "公园"]
    pieces = [tokenizer.decode([i]) for i in tokenizer.encode("The weather is nice today, so I decided to")]
    assert pieces == ["<s>", "The", " weather", " is", " nice", " today", ",", " so", " I", " decided", " to"]


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])))
@example("讨论🧑‍🚀 e\u0301  two  spaces\n\ttab 今天天氣")
def test_any_text_round_trips(tokenizer, text):
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text


def test_rebuilding_gives_the_same_tokenizer(tokenizer):
    assert lm.build_tokenizer().get_vocab() == tokenizer.get_vocab()


# ---- the truth, token by token -------------------------------------------------------------------------------------


def test_token_truth_is_the_word_truth(tokenizer):
    for lang in ("zh", "en"):
        for text in grammar.examples(lang):
            by_word = grammar.next_words(text)
            by_token = grammar.next_token_probs(tokenizer.encode(text), tokenizer)
            assert sum(by_token.values()) == pytest.approx(1)
            assert {tokenizer.decode([i]): p for i, p in by_token.items()} == pytest.approx(by_word)
    whole = tokenizer.encode("今天天气不错，我决定去公园。")
    assert grammar.next_token_probs(whole, tokenizer) == {tokenizer.eos_token_id: 1.0}
    assert grammar.next_token_probs([*whole, tokenizer.eos_token_id], tokenizer) == {}
    assert grammar.next_token_probs(tokenizer.encode("蒙古的首都是"), tokenizer) == {}
    assert grammar.next_token_probs(tokenizer.encode("hello"), tokenizer) == {}


def test_token_truth_is_fast_enough_for_a_widget(tokenizer):
    rng = random.Random(9)
    times = []
    for _ in range(60):
        ids = tokenizer.encode(grammar.sample(rng))
        start = time.process_time()
        grammar.next_token_probs(ids[:-1], tokenizer)
        times.append(time.process_time() - start)
    assert sorted(times)[len(times) // 2] < 0.05


# ---- the bundled model ---------------------------------------------------------------------------------------------


def test_bars_hold_on_a_fresh_sample(model, tokenizer, monkeypatch):
    monkeypatch.setattr(lm, "DRAWN", 600)
    metrics = lm.evaluate(model, tokenizer, seed=lm.SEEDS[0], test_seed=20260220)
    assert metrics["held_out_documents"] >= 100
    assert {name: metrics[name] for name, bar in lm.BARS.items() if metrics[name] > bar} == {}
    assert metrics["lecture"] == pytest.approx(0.7, abs=0.05)
    assert metrics["lecture_en"] == pytest.approx(0.7, abs=0.05)
    known = manifest.read(manifest.ZOO)["lm"]
    assert all(abs(metrics[name] - known["metrics"][name]) <= t for name, t in known["tolerance"].items())


def test_other_seeds_reached_the_bars():
    others = manifest.read(manifest.ZOO)["lm"]["other_seeds"]
    assert len(others) == 2
    for metrics in others.values():
        assert all(metrics[name] <= bar for name, bar in lm.BARS.items())


def test_common_facts_are_known_and_unseen_ones_are_not(model, tokenizer):
    """What the lesson on hallucination measures: the share of right answers by how often training stated the fact."""
    right: dict[str, list[float]] = {"often": [], "seldom": [], "never": []}
    for lang in ("zh", "en"):
        for fact in grammar.facts(lang):
            for prompt in fact.prompts:
                ids = torch.tensor([tokenizer.encode(prompt)])
                said = tokenizer.decode([model(ids).logits[0, -1].argmax()]).strip()
                right[fact.frequency].append(said == fact.answer)
    share = {frequency: sum(answers) / len(answers) for frequency, answers in right.items()}
    assert share["often"] >= 0.98
    assert share["never"] <= 0.4


def test_files_are_what_the_manifest_says():
    entry = manifest.read(manifest.ZOO)["lm"]
    names = {path.name for path in FOLDER.iterdir()}
    assert names == entry["files"].keys()
    assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "README.md"} <= names
    for name, digest in entry["files"].items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) <= 6e6
    assert entry["settings"] == lm.settings(entry["seed"]), "the recipe or the grammar changed: aigc train lm --publish"


# ---- training ------------------------------------------------------------------------------------------------------


def fresh(tmp_path, seed=1):
    model, tokenizer = lm.build(seed)
    return model, lm.losses(model, tokenizer, seed), lm.settings(seed), tmp_path


def weights(model) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def test_five_steps_decrease_the_loss(tiny, tmp_path):
    model, losses, how, folder = fresh(tmp_path)
    with torch.no_grad():
        before = sum(float(term) for term in losses(99))
    fit(model, losses, folder, how, until=5)
    with torch.no_grad():
        assert sum(float(term) for term in losses(99)) < before - 0.5


def test_resumed_training_equals_the_uninterrupted_one(tiny, tmp_path):
    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    whole, losses, how, _ = fresh(tmp_path)
    fit(whole, losses, tmp_path / "whole", how)
    cut, losses, how, _ = fresh(tmp_path)

    def interrupted(step):
        if step == 2:
            signal.raise_signal(signal.SIGINT)
        return losses(step)

    with pytest.raises(KeyboardInterrupt):
        fit(cut, interrupted, tmp_path / "cut", how)
    assert load_checkpoint(tmp_path / "cut", how)["step"] == 3
    again, losses, how, _ = fresh(tmp_path)
    fit(again, losses, tmp_path / "cut", how)
    assert torch.equal(weights(whole), weights(again))
    assert not torch.equal(weights(whole), weights(cut))


def test_run_trains_measures_and_publishes(tiny, tmp_path, monkeypatch, capsys):
    zoo = tmp_path / "zoo"
    monkeypatch.setattr(manifest, "ZOO", zoo)
    metrics = train.run("lm", out=tmp_path / "out", publish=True)
    shown = capsys.readouterr().out
    assert "model lm: measured" in shown and "tolerance" not in shown  # there is nothing yet to compare it with
    entry = tomllib.loads((zoo / "manifest.toml").read_text("utf-8"))["lm"]
    assert entry["metrics"]["kl"] == pytest.approx(metrics["kl"], rel=1e-3)
    assert list(entry["other_seeds"]) == ["2"] and entry["torch"] == torch.__version__
    assert {path.name for path in (zoo / "lm").iterdir()} == entry["files"].keys() >= {"README.md"}
    assert not list((tmp_path / "out").rglob(CHECKPOINT))
    start = time.monotonic()
    assert train.run("lm", seed=1, out=tmp_path / "out" / "lm-1") == metrics  # done already: not trained again
    assert time.monotonic() - start < 2
    shown = capsys.readouterr().out
    assert "measured and in the manifest" in shown and "tolerance" in shown


def test_the_verdict_of_the_table():
    assert train.agrees(0.012, 0.010, 0.005, 0.02)
    assert train.agrees(0.012, None, 0.005, 0.02)  # nothing published yet: the bar alone counts
    assert not train.agrees(0.021, 0.018, 0.005, 0.02)
    assert not train.agrees(0.60, 0.70, 0.03, None)
    assert train.agrees(12.0, 11.0, None, None) is None


def test_publishing_is_all_or_nothing(tmp_path, monkeypatch):
    zoo, made = tmp_path / "zoo", tmp_path / "model"
    made.mkdir()
    (made / "a.txt").write_text("old")
    manifest.publish("x", made, {"seed": 1}, zoo)
    before = (zoo / "manifest.toml").read_text("utf-8")
    (made / "a.txt").write_text("new")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(manifest, "write", full)
    with pytest.raises(CourseError, match="No space left"):
        manifest.publish("x", made, {"seed": 2}, zoo)
    assert (zoo / "x" / "a.txt").read_text() == "old"
    assert (zoo / "manifest.toml").read_text("utf-8") == before
    assert sorted(path.name for path in zoo.iterdir()) == ["manifest.toml", "x"]


# ---- bad input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ["one", 1.5, -1, True])
def test_bad_seed(seed):
    with pytest.raises(CourseError, match="seed"):
        train.run("lm", seed=seed)


def test_unknown_model():
    with pytest.raises(CourseError, match="there is: lm"):
        train.run("lmm")


def test_publishing_takes_no_seed():
    with pytest.raises(CourseError, match="leave --seed out"):
        train.run("lm", seed=3, publish=True)


def test_unwritable_out(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="Cannot write to the folder"):
        train.run("lm", out=tmp_path / "file" / "out")
    if os.geteuid():  # root writes everywhere
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(CourseError, match="Cannot write to the folder"):
            train.run("lm", out=tmp_path / "locked")


def test_damaged_or_foreign_checkpoint(tmp_path):
    model = torch.nn.Linear(2, 2)
    how = {"steps": 4, "learning_rate": 0.1}
    fit(model, lambda step: [model(torch.ones(2)).square().sum()], tmp_path, how, until=2)
    assert math.isfinite(load_checkpoint(tmp_path, how)["spent"]["loss"])
    with pytest.raises(CourseError, match="other settings"):
        load_checkpoint(tmp_path, how | {"steps": 5})
    path = tmp_path / CHECKPOINT
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(CourseError, match="damaged"):
        fit(model, lambda step: [], tmp_path, how)
    path.write_bytes(b"")
    with pytest.raises(CourseError, match="damaged"):
        load_checkpoint(tmp_path, how)


def test_a_full_disk_when_the_model_is_saved_keeps_the_training(tiny, tmp_path, monkeypatch):
    def full(*_):
        raise SafetensorError("I/O error: No space left on device")

    with monkeypatch.context() as patch, pytest.raises(CourseError, match="No space left"):
        patch.setattr(lm, "save", full)
        train.run("lm", seed=1, out=tmp_path)
    assert (tmp_path / CHECKPOINT).exists()
    train.run("lm", seed=1, out=tmp_path)
    assert (tmp_path / "model" / "config.json").exists()


def test_full_disk_is_said(tmp_path, monkeypatch):
    def full(state, path):
        path.write_bytes(b"as much as fits")
        raise RuntimeError("[enforce fail at inline_container.cc] . unexpected pos 64 vs 0")

    save_checkpoint(tmp_path, {"step": 1})
    before = (tmp_path / CHECKPOINT).read_bytes()
    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(CourseError, match="Cannot write the checkpoint"):
        save_checkpoint(tmp_path, {"step": 2})
    assert [path.name for path in tmp_path.iterdir()] == [CHECKPOINT], "a piece left behind keeps the disk full"
    assert (tmp_path / CHECKPOINT).read_bytes() == before
