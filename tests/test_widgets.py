"""The interactive pictures without a browser: what Python sends and refuses, still pictures, the page's maths."""

import base64
import json
import os
import random
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import product
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from conftest import need
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from tiny import checkpoint
from transformers import MinPLogitsWarper, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from aigc_course import hub, tokens
from aigc_course.errors import CourseError
from aigc_course.i18n import LANGS, set_lang
from aigc_course.widgets import labels, svg
from aigc_course.widgets.base import CourseWidget, page_files
from aigc_course.widgets.sampling import SteeringWheel, percent
from aigc_course.widgets.tokens import TokenExplorer, analyse, from_merges

JS = Path(__file__).parent / "js"
TEXT = {"zh": "今天天气不错，我决定", "en": "The weather is nice today, so I decided"}
TRICKY = ["", " ", "a\n\tb", "龘𠮷", "👨‍👩‍👧 e\u0301\u0301", "\u0301", "�", "\u200d\ufeff\x00", "ﷺ" * 5, "Ā é ▁ <s>"]


@pytest.fixture(scope="module")
def lm(tmp_path_factory):
    return hub.load_lm(str(checkpoint(tmp_path_factory.mktemp("lm"))))


@pytest.fixture
def wheel(lm):
    return lambda prompt=TEXT["zh"], truth=lambda ids: {5: 0.7, 6: 0.3}, **more: SteeringWheel(
        prompt, lm, truth, **more
    )


@pytest.fixture(scope="module")
def bpe():
    return from_merges(tokens.train_bpe("今天天气不错，我决定去公园。the weather, the park" * 2, 40))


def ask(widget, question, monkeypatch):
    """What the page gets back for a question."""
    sent = []
    monkeypatch.setattr(type(widget), "send", lambda self, content, buffers=None: sent.append((content, buffers)))
    widget._receive(widget, {**question, "number": "a-1"}, [])
    assert len(sent) == 1 and sent[0][0]["number"] == "a-1"
    return sent[0]


# ---- the shared part


def test_the_page_is_one_module_with_nothing_fetched():
    for cls in (SteeringWheel, TokenExplorer):
        script, style = str(cls._esm), str(cls._css)
        assert "export function ask" in script and "export default { render }" in script
        assert not re.search(r"^\s*import\b|\bimport\(|\bfetch\(|XMLHttpRequest|@import|url\(", script + style, re.M)
        assert set(re.findall(r"\w+://[^\s\"']+", script + style)) <= {"http://www.w3.org/2000/svg"}


def test_a_widget_takes_the_files_beside_it(tmp_path):
    (tmp_path / "foo.js").write_text("export default { render() {} };")
    script, style = page_files(str(tmp_path / "foo.py"))
    assert script.endswith("export default { render() {} };") and ".aigc {" in style
    (tmp_path / "foo.css").write_text(".foo {}")
    assert page_files(str(tmp_path / "foo.py"))[1].endswith(".foo {}")
    (tmp_path / "sums.js").write_text("const sums = 1;")
    assert page_files(str(tmp_path / "foo.py"), "sums")[0].endswith("const sums = 1;\nexport default { render() {} };")
    with pytest.raises(FileNotFoundError):
        page_files(str(tmp_path / "bar.py"))


def test_an_unforeseen_error_reaches_the_page_and_the_log(monkeypatch):
    class Broken(CourseWidget):
        def answer(self, question):
            raise KeyError("gone")

    sent = []
    monkeypatch.setattr(Broken, "send", lambda self, content, buffers=None: sent.append(content))
    broken = Broken()
    with pytest.raises(KeyError):
        broken._receive(broken, {"number": "1"}, [])
    assert sent[0]["number"] == "1" and "KeyError" in sent[0]["error"]["en"] and "KeyError" in sent[0]["error"]["zh"]


@pytest.mark.parametrize("lang", LANGS)
def test_the_still_picture_stands_beside_the_live_one(lang, wheel, bpe):
    set_lang(lang)
    format = InteractiveShell.instance().display_formatter.format
    for make in (wheel, lambda: TokenExplorer(tokenizers={"BPE": bpe})):
        (first, _), (second, _) = format(make()), format(make())
        view = "application/vnd.jupyter.widget-view+json"
        assert set(first) == {"text/plain", "image/svg+xml", view}
        assert first[view]["model_id"] != second[view]["model_id"]
        # nbval compares these: they must not differ from run to run
        assert first["text/plain"] == second["text/plain"] and first["image/svg+xml"] == second["image/svg+xml"]
        assert make().lang == lang


def inside(picture: str) -> list[str]:
    """The words of a still picture, each asserted to lie within its frame."""
    root = ET.fromstring(picture)
    assert "\ufffd" not in picture
    _, _, w, h = map(int, root.get("viewBox").split())
    words = []
    for node in root.iter("{http://www.w3.org/2000/svg}text"):
        x, y, size = int(node.get("x")), int(node.get("y")), int(node.get("font-size"))
        long = svg.width(node.text, size)
        left = x - {"end": long, "middle": long / 2}.get(node.get("text-anchor"), 0)
        assert left >= 0 and left + long <= w and size <= y <= h - 2, (node.text, left, long, y, h)
        words.append(node.text)
    for node in root.iter("{http://www.w3.org/2000/svg}rect"):
        x, y, wide, high = (int(node.get(key)) for key in ("x", "y", "width", "height"))
        assert x >= 0 and y >= 0 and wide >= 0 and x + wide <= w and y + high <= h
    return words


@pytest.mark.parametrize("lang", LANGS)
def test_still_pictures_fit_their_frame(lang, wheel, bpe):
    set_lang(lang)
    words = inside(wheel(TEXT[lang] * 3).static_svg())
    assert ("模型" if lang == "zh" else "model") in words
    for text in [*TRICKY, TEXT["zh"] * 50, "supercalifragilistic" * 20]:
        inside(TokenExplorer(zh=text, en=TEXT["en"], tokenizers={"BPE": bpe}).static_svg())
    assert "The" in inside(TokenExplorer(tokenizers={"BPE": from_merges(tokens.train_bpe("The The", 2))}).static_svg())


def test_a_stripped_notebook_still_shows_the_picture(tmp_path, bpe):
    data, _ = InteractiveShell.instance().display_formatter.format(TokenExplorer(tokenizers={"BPE": bpe}))
    del data["application/vnd.jupyter.widget-view+json"]
    cell = nbformat.v4.new_code_cell("1", outputs=[nbformat.v4.new_output("display_data", data=data)])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "book.ipynb")
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "--template", "basic", str(tmp_path / "book.ipynb")]
    subprocess.run(command, check=True, capture_output=True)
    html = (tmp_path / "book.html").read_text(encoding="utf-8")
    # as an image, so that its <title> and styles stay its own
    source = html.partition("data:image/svg+xml;base64,")[2].partition('"')[0]
    page = base64.b64decode(source).decode("utf-8") if source else html
    assert "<svg" in page and ">今天" in page


# ---- labels


@given(st.text(st.characters(codec="utf-8"), max_size=30), st.lists(st.integers(1, 3), max_size=20))
@settings(deadline=None, max_examples=200)
def test_labels_never_hold_the_replacement_sign(text, cuts):
    data = text.encode()
    named = labels.characters(data)
    assert sum(size for _, size in named) == len(data)
    assert all(label and "\ufffd" not in label for label, _ in named)
    assert len(named) == len(text)
    pieces, at = [], 0
    for cut in cuts:
        pieces.append(data[at : at + cut])
        at += cut
    pieces.append(data[at:])
    assert all("\ufffd" not in labels.piece_label(piece) for piece in pieces)
    found = labels.groups([size for _, size in named], [len(piece) for piece in pieces])
    assert [c for chars, _ in found for c in chars] == list(range(len(named)))
    assert [p for _, run in found for p in run] == list(range(len(pieces)))
    for chars, run in found:
        assert "".join(text[c] for c in chars).encode() == b"".join(pieces[p] for p in run)


def test_labels_of_what_has_no_shape():
    assert [label for label, _ in labels.characters(" \n\u0301\u200d\ufffdé公".encode())] == [
        "␣", "⏎", "◌\u0301", "U+200D", "U+FFFD", "é", "公",
    ]  # fmt: skip
    assert labels.characters(b"\xe5\x85") == [("E5", 1), ("85", 1)]
    assert labels.piece_label("公".encode() + b"\xe5\x9b") == "公⟨E5 9B⟩"


def test_labels_of_a_byte_level_and_of_a_sentencepiece_vocabulary(lm):
    tokenizer = lm[1]
    ids = tokenizer("今天 the 龘")["input_ids"]
    named = labels.token_labels(tokenizer, ids)
    assert "".join(named).replace("⟨", "").replace("⟩", "").startswith("今天␣the")
    assert labels.token_labels(tokenizer, [tokenizer.eos_token_id]) == ["</s>"]

    class Pieces:
        all_special_ids = (0,)
        unk_token_id = 0

        def convert_tokens_to_ids(self, token):
            return 0

        def convert_ids_to_tokens(self, ids):
            return [["<unk>", "▁the", "é", "<0xE5>", None][i] for i in ids]

    assert labels.token_labels(Pieces(), [0, 1, 2, 3, 4]) == ["<unk>", "␣the", "é", "⟨E5⟩", "#4"]


# ---- the tokenizer explorer


def test_what_the_explorer_says_of_a_text(bpe):
    shown = analyse("今天 the park龘", bpe)
    pieces = [piece for _, piece in bpe("今天 the park龘")]
    assert bytes.fromhex(shown["hex"]) == "今天 the park龘".encode() == b"".join(pieces)
    assert shown["ids"] == [i for i, _ in bpe("今天 the park龘")]
    assert shown["counts"] == {"tokens": len(pieces), "characters": 12, "bytes": 18, "words": None}
    assert analyse("so, I decided", bpe)["counts"]["words"] == 3
    assert analyse("", bpe)["counts"] == {"tokens": 0, "characters": 0, "bytes": 0, "words": 0}
    assert analyse("x", lambda text: [(1, b"x")])["replay"] is None


@pytest.mark.parametrize("text", TRICKY)
def test_any_valid_text_is_shown_by_every_tokenizer(text):
    explorer = TokenExplorer(zh=text, en="")
    for name in explorer.names:
        shown = explorer._shown(name, text, "")["zh"]
        assert "\ufffd" not in json.dumps(shown["chars"], ensure_ascii=False)
        assert shown["ends"][-1:] == ([len(shown["hex"]) // 2] if shown["ids"] else [])


def test_the_course_models_merges_replay_to_its_tokens():
    explorer = TokenExplorer()
    if "lm" not in explorer.names:
        need("the bundled model lm is not there")
    split = explorer._tokenizers["lm"]
    for text in [*TEXT.values(), *TRICKY, "去公园 the park, the weather is 100 % nice!"]:
        steps = split.merge_steps(text)
        assert steps[0] == [bytes([b]) for b in text.encode()]
        assert steps[-1] == [piece for _, piece in split(text)]


def test_typing_changes_what_is_shown(bpe, monkeypatch):
    explorer = TokenExplorer(zh="今天", en="the", tokenizers={"a": bpe, "b": lambda text: [(0, text.encode())]})
    ask(explorer, {"tokenizer": "b", "zh": "公园", "en": "park"}, monkeypatch)
    assert explorer.shown["tokenizer"] == "b" and explorer.shown["zh"]["ids"] == [0]
    assert explorer.shown["en"]["text"] == "park"


@pytest.mark.parametrize(
    "question, word",
    [
        ({"zh": "\ud83d", "en": ""}, "surrogate"),
        ({"zh": "x" * 2001, "en": ""}, "2001"),
        ({"zh": "", "en": "", "tokenizer": "gpt"}, "gpt"),
    ],
)
def test_the_explorer_refuses_in_both_languages(question, word, bpe, monkeypatch):
    explorer = TokenExplorer(zh="今天", tokenizers={"a": bpe})
    before = explorer.shown
    reply, _ = ask(explorer, {"tokenizer": "a", **question}, monkeypatch)
    assert word in reply["error"]["en"] and reply["error"]["zh"] and explorer.shown == before


def test_an_explorer_needs_a_tokenizer():
    with pytest.raises(CourseError):
        TokenExplorer(tokenizers={})


# ---- the steering wheel


def test_the_wheel_sends_the_models_own_logits(wheel, lm):
    made = wheel()
    model, tokenizer = lm
    assert made.start["ids"] == tokenizer(TEXT["zh"])["input_ids"]
    with torch.no_grad():
        expected = model(torch.tensor([made.start["ids"]])).logits[0, -1]
    np.testing.assert_allclose(np.frombuffer(made.logits, "<f4"), expected.numpy(), atol=1e-5)
    assert made.start["truth"] == [[5, 0.7], [6, 0.3]] and made.ends == [tokenizer.eos_token_id]
    named = dict(made.start["labels"])
    assert {5, 6, *made.start["ids"], int(expected.argmax())} <= set(named)


def test_only_the_grammars_own_pupils_are_compared_with_it(lm, monkeypatch):
    assert SteeringWheel("the park", lm).start["truth"] is None  # a tokenizer without a start token
    model, tokenizer = hub.load_lm()
    pairs = dict(SteeringWheel(TEXT["zh"], (model, tokenizer)).start["truth"])
    assert pairs[tokenizer.convert_tokens_to_ids(tokenizer.tokenize("去"))[0]] == 0.7
    monkeypatch.setattr("aigc_course.lesson._tier", "gpu")
    assert SteeringWheel(TEXT["zh"], (model, tokenizer)).start["truth"] is None


def test_a_step_gives_the_next_context_and_remembers_it(wheel, lm, monkeypatch):
    made = wheel(truth=lambda ids: {})
    ids = [*made.start["ids"], 7]
    reply, (logits,) = ask(made, {"kind": "context", "ids": ids}, monkeypatch)
    assert reply["truth"] is None and len(logits) == 4 * lm[0].config.vocab_size
    monkeypatch.setattr("aigc_course.sampling.next_logits", lambda *a: pytest.fail("the model ran again"))
    assert ask(made, {"kind": "context", "ids": ids}, monkeypatch)[1] == [logits]


def test_a_new_prompt_begins_anew(wheel, monkeypatch):
    reply, _ = ask(wheel(), {"kind": "begin", "prompt": "the park"}, monkeypatch)
    assert "".join(label for _, label in reply["labels"][: len(reply["ids"])]).endswith("park")


@pytest.mark.parametrize(
    "question, word",
    [
        ({"kind": "context", "ids": [1] * 65}, "65"),
        ({"kind": "context", "ids": []}, "ids"),
        ({"kind": "context", "ids": [0, 300]}, "ids"),
        ({"kind": "context", "ids": [0, "1"]}, "ids"),
        ({"kind": "context"}, "ids"),
        ({"kind": "begin", "prompt": "\ud83d"}, "surrogate"),
        ({"kind": "begin", "prompt": "很" * 400}, "64"),
    ],
)
def test_the_wheel_refuses_in_both_languages(question, word, wheel, monkeypatch):
    reply, _ = ask(wheel(), question, monkeypatch)
    assert word in reply["error"]["en"] and reply["error"]["zh"]


def test_a_bad_prompt_is_refused_at_once(wheel):
    with pytest.raises(CourseError):
        wheel("\udc00")


# ---- the page's maths, against Python


def warp_fixtures() -> list[dict]:
    rng = np.random.default_rng(0)
    vectors = {
        "normal": rng.normal(0, 3, 40),
        "wide": rng.normal(0, 40, 300),
        "ties": np.array([2, 1, 2, 0, 1, 2, -1, 0], float),
        "all equal": np.zeros(8),
        "huge": np.array([1e30, -1e30, 0, 9.9e29]),
        "one": np.array([-3.0]),
        "with -inf": np.array([-np.inf, 1, 2, -np.inf, 3]),
    }
    grid = [(1, 0, 1, 0), (0.1, 0, 1, 0), (2, 0, 1, 0), (1, 3, 1, 0), (1, 500, 1, 0), (1, 0, 0.5, 0), (1, 0, 0.05, 0)]
    grid += [(1, 0, 1, 0.1), (1, 0, 1, 1), (0.7, 5, 0.9, 0.05), (1.5, 2, 0.3, 0.5), (1, 1, 1, 0)]
    made = []
    for (name, values), (temperature, k, p, least) in product(vectors.items(), grid):
        # float32 is what travels to the page, float64 is what it reckons in
        scores = torch.tensor(values, dtype=torch.float32).double()[None]
        scores = TemperatureLogitsWarper(float(temperature))(None, scores)
        scores = TopKLogitsWarper(k)(None, scores) if k else scores
        scores = TopPLogitsWarper(p)(None, scores) if p < 1 else scores
        scores = MinPLogitsWarper(least)(None, scores) if least else scores
        made.append(
            {
                "name": name,
                "logits": ["-Infinity" if v == -np.inf else float(np.float32(v)) for v in values],
                "settings": {"temperature": temperature, "topK": k, "topP": p, "minP": least},
                "expected": scores.softmax(-1)[0].tolist(),
            }
        )
    return made


def draw_fixtures() -> list[dict]:
    rng = np.random.default_rng(1)
    made = []
    for _ in range(50):
        probs = rng.dirichlet(np.full(12, 0.3))
        probs[rng.integers(0, 12, 4)] = 0
        probs /= probs.sum()
        u = rng.random() * 0.999
        made.append({"probs": probs.tolist(), "u": u, "expected": int(np.searchsorted(np.cumsum(probs), u, "right"))})
    return made


def mulberry32(seed: int, count: int) -> list[float]:
    """T. Ettinger's generator, in Python: the state grows by a constant, its bits are mixed."""
    found, state, full = [], seed, 0xFFFFFFFF
    for _ in range(count):
        state = (state + 0x6D2B79F5) & full
        x = ((state ^ (state >> 15)) * (state | 1)) & full
        x ^= (x + ((x ^ (x >> 7)) * (x | 61) & full)) & full
        found.append((x ^ (x >> 14)) / 2**32)
    return found


def group_fixtures() -> list[dict]:
    rng = random.Random(2)
    made = []
    for _ in range(200):
        sizes = [rng.randint(1, 4) for _ in range(rng.randint(0, 8))]
        total = sum(sizes)
        ends = sorted(rng.sample(range(1, total), rng.randint(0, total - 1)) if total > 1 else [])
        ends = ends + ([total] if total else [])
        if rng.random() < 0.3:
            ends = [0, *ends]  # a token without bytes in front
        lengths = [b - a for a, b in zip([0, *ends], ends, strict=False)]
        expected = [[c.start, c.stop, p.start, p.stop] for c, p in labels.groups(sizes, lengths)]
        made.append({"sizes": sizes, "ends": ends, "expected": expected})
    return made


def replay_fixtures(split) -> list[dict]:
    texts = ["今天天气不错，我决定去公园。", "the weather the park the", "", "龘"]
    ends = [[np.cumsum([len(p) for p in pieces]).tolist() for pieces in split.merge_steps(text)] for text in texts]
    return [{"replay": analyse(text, split)["replay"], "steps": steps} for text, steps in zip(texts, ends, strict=True)]


def test_javascript(tmp_path, bpe):
    node = shutil.which("node") or need("Node.js is not installed (Debian: apt install nodejs)")
    fixtures = {
        "warped": warp_fixtures(),
        "draws": draw_fixtures(),
        "randoms": [
            {"seed": seed, "n": n, "expected": u}
            for seed in (0, 1, 2, 99999)
            for n, u in enumerate(mulberry32(seed, 20))
        ],
        "percents": [[p, percent(p)] for p in (0, 1e-13, 1e-9, 4.9e-4, 5.1e-4, 0.0314, 0.7, 0.9994, 0.9999, 1)],
        "grouped": group_fixtures(),
        "replays": replay_fixtures(bpe),
    }
    path = tmp_path / "fixtures.json"
    path.write_text(json.dumps(fixtures), encoding="utf-8")
    ran = subprocess.run(
        [node, "--test", "--test-reporter=tap", *map(str, sorted(JS.glob("*.test.mjs")))],
        env=os.environ | {"AIGC_FIXTURES": str(path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert int(re.search(r"^# pass (\d+)", ran.stdout, re.M)[1]) > len(fixtures["warped"]), "hardly any test ran"
