"""The copier: what the bundled one can do, on texts of its own; its training, cut down to seconds."""

import csv
import hashlib

import pytest
import torch
from transformers import AutoTokenizer

from aigc_course import attention, course, heads, hub, train
from aigc_course.train import copier, manifest
from aigc_course.train.loop import fit

FOLDER = manifest.ZOO / "copier"
ENTRY = manifest.read(manifest.ZOO)["copier"]


@pytest.fixture(scope="module")
def bundled():
    model, tokenizer = hub.load_lm("copier", "cpu")
    return model.state_dict(), model.config, tokenizer


@pytest.fixture
def tiny(monkeypatch):
    for name, value in {"STEPS": 6, "TEXTS": 4, "EXAM": 4, "SEEDS": (1, 2), "EVERY": 2, "PROBES": 2}.items():
        monkeypatch.setattr(copier, name, value)
    monkeypatch.setattr(train, "THREADS", 1)


def exam(tokenizer, length: int, texts: int = 60) -> torch.Tensor:
    pool = copier.vocabulary(tokenizer)
    return heads.repeated_random(pool, length, texts, torch.Generator().manual_seed(20260220), tokenizer.bos_token_id)


# ---- the bundled model ---------------------------------------------------------------------------------------------


def test_it_copies_and_reaches_the_bars_on_fresh_texts(bundled):
    measured = copier.measure(FOLDER, seed=99)
    assert all(measured[name] <= bar for name, bar in copier.BARS.items())
    assert all(abs(measured[name] - ENTRY["metrics"][name]) <= near for name, near in ENTRY["tolerance"].items())


@pytest.mark.parametrize("seed", [str(seed) for seed in copier.SEEDS])
def test_every_seed_has_the_heads(seed):
    measured = ENTRY["metrics"] if seed == str(ENTRY["seed"]) else ENTRY["other_seeds"][seed]
    assert measured["error"] <= copier.BARS["error"] and measured["induction"] > 0.8
    assert measured["cost_previous"] > 3 and measured["cost_layer"] > 3
    assert measured["cost_induction"] < 0.5  # its layer has others like it


def test_it_has_an_induction_head_and_lm_has_none(bundled):
    weights, config, tokenizer = bundled
    ids = exam(tokenizer, 20)
    lm, _ = hub.load_lm("lm", "cpu")
    theirs = heads.induction_score(attention.forward(lm.state_dict(), lm.config, ids, keep=True).attention, 20)
    ours = heads.induction_score(attention.forward(weights, config, ids, keep=True).attention, 20)
    assert ours.max() > 0.8 > 0.2 > theirs.max()


def test_files_are_what_the_manifest_says():
    assert {path.name for path in FOLDER.iterdir()} == ENTRY["files"].keys()
    for name, digest in ENTRY["files"].items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest, name
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 1.5e6
    assert ENTRY["settings"] == copier.settings(ENTRY["seed"]), "the recipe changed: aigc train copier --publish"
    ours, lms = (AutoTokenizer.from_pretrained(manifest.ZOO / name).get_vocab() for name in ("copier", "lm"))
    assert ours == lms


def test_the_curve_is_of_the_bundled_training():
    with (course.root() / "datasets" / "copier_curve.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == copier.FIELDS
    steps = range(0, copier.STEPS, copier.EVERY)
    assert [(int(r["seed"]), int(r["step"])) for r in rows] == [(seed, step) for seed in copier.SEEDS for step in steps]
    for seed in copier.SEEDS:
        mine = [row for row in rows if int(row["seed"]) == seed]
        assert float(mine[0]["induction"]) < 0.1 and float(mine[-1]["accuracy"]) > 0.95
        assert float(mine[0]["loss"]) > 7 > 0.5 > float(mine[-1]["loss"])


# ---- its texts and its training ------------------------------------------------------------------------------------


def test_texts_end_with_what_they_repeat(bundled):
    tokenizer, lengths, before = bundled[2], set(), set()
    for ids, known in copier.draw(tokenizer, 400, torch.Generator().manual_seed(0)):
        length = len(ids) - known + 1
        assert ids[0] == tokenizer.bos_token_id and ids[-length:] == ids[-2 * length : -length]
        assert not set(ids[1:]) & set(tokenizer.all_special_ids)
        lengths.add(length)
        before.add(len(ids) - 1 - 2 * length)
    assert lengths == set(range(4, 25)) and before == set(range(9))


@torch.no_grad()
def test_the_loss_is_of_the_repetition_only(tiny):
    model, tokenizer = copier.build(1)
    rows = copier.draw(tokenizer, copier.TEXTS, torch.Generator().manual_seed(1 * copier.STEPS + 3))
    terms = []
    for ids, known in rows:
        logp = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        terms += [-logp[at - 1, ids[at]] for at in range(known, len(ids))]
    (loss,) = copier.losses(model, tokenizer, 1)(3)
    torch.testing.assert_close(loss, torch.stack(terms).mean(), rtol=1e-4, atol=1e-4)


def test_second_half(bundled):
    weights, config, tokenizer = bundled
    ids = exam(tokenizer, 6, texts=3)
    logits = attention.forward(weights, config, ids).logits
    right, loss = copier.second_half(logits, ids)
    assert right.shape == loss.shape == (3, 5)
    logp = logits.log_softmax(-1)
    for row in range(3):
        for i, at in enumerate(range(8, 13)):  # place 7 holds the first repeated token, which is not asked for
            assert float(loss[row, i]) == pytest.approx(-float(logp[row, at - 1, ids[row, at]]), abs=1e-5)
            assert bool(right[row, i]) == bool(logits[row, at - 1].argmax() == ids[row, at])


def test_the_recipe_trains_measures_and_publishes(tiny, tmp_path, monkeypatch):
    bundled = hub.find("lm")
    monkeypatch.setattr(copier.hub, "find", lambda name: bundled)
    monkeypatch.setattr(manifest, "ZOO", tmp_path / "zoo")
    measured = train.run("copier", out=tmp_path / "out", publish=True)
    entry = manifest.read(tmp_path / "zoo")["copier"]
    assert entry["metrics"]["error"] == pytest.approx(measured["error"], rel=1e-3) and list(entry["other_seeds"]) == [
        "2"
    ]
    card = (tmp_path / "zoo" / "copier" / "README.md").read_text(encoding="utf-8")
    assert f"{measured['error']:.2%}" in card and "## 中文" in card and "## English" in card


def test_watching_does_not_change_the_training(tiny, tmp_path):
    points = copier.curve(2, tmp_path / "watched")
    assert [row[:2] for row in points] == [(2, 0), (2, 2), (2, 4)] and all(
        len(row) == len(copier.FIELDS) for row in points
    )
    model, tokenizer = copier.build(2)
    plain = tmp_path / "plain"
    plain.mkdir()
    fit(model, copier.losses(model, tokenizer, 2), plain, copier.settings(2))
    kept = [
        torch.load(folder / "checkpoint.pt", weights_only=True)["model"] for folder in (tmp_path / "watched", plain)
    ]
    assert all(torch.equal(kept[0][name], kept[1][name]) for name in kept[0])
