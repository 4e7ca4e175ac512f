"""Figure style: every character that we write can be drawn, and a picture is the same each time."""

import io
import subprocess
import sys
import textwrap
import warnings
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib import font_manager
from PIL import Image

from aigc_course import course, plot
from aigc_course.i18n import set_lang

PACKAGE = Path(plot.__file__).parent
TEXTS = [
    *sorted(course.root().glob("notebooks/src/*.md")),
    *sorted(course.root().glob("labs/src/*.md")),
    *sorted(PACKAGE.glob("quiz/*.toml")),
    *sorted(course.root().glob("datasets/*.csv")),
    *sorted(PACKAGE.rglob("*.py")),
    course.root() / "course.toml",
]
# drawn by no font of ours and not meant to be: emoji and the exotic scripts of tokenizer examples. They may stand in
# prose, where the browser has fonts for them, but not in a figure, which the strict mode below makes sure of.
EMOJI = range(0x1F000, 0x20000)
# the ends of Unicode's blocks of Chinese characters, which stand in regular expressions only
RANGE_ENDS = "㐀䶿鿿"


@pytest.fixture(autouse=True)
def own_style():
    with matplotlib.rc_context():
        matplotlib.use("agg")
        yield
        plt.close("all")


def png(text: str) -> bytes:
    fig, ax = plot.figure(6, 3)
    ax.set_title(text)
    ax.plot([1, 2, 3], label=text)
    ax.legend()
    buffer = io.BytesIO()
    fig.savefig(buffer, format="png")
    plt.close(fig)
    return buffer.getvalue()


def drawable(path: Path) -> set[str]:
    return {
        char
        for char in path.read_text(encoding="utf-8")
        if char.isprintable()
        and ord(char) not in EMOJI
        and char not in RANGE_ENDS
        and not 0xFE00 <= ord(char) <= 0xFE0F
    }


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.relative_to(course.root()).as_posix())
def test_every_character_of_our_texts_can_be_drawn(path):
    plot.style()
    plot.fail_on_missing_glyphs()
    # a plain string: "$" would begin mathematics
    fig = plt.figure()
    fig.text(0, 0.5, "".join(sorted(drawable(path))), parse_math=False)
    try:
        fig.canvas.draw()
    except UserWarning as missing:
        pytest.fail(f"{missing} Run python tools/subset_font.py.")


def test_a_character_that_no_font_has_is_an_error_in_strict_mode(monkeypatch):
    monkeypatch.setenv("AIGC_STRICT", "1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plot.style()
        with pytest.raises(UserWarning, match="missing from"):
            png("ሀ")


def test_the_same_figure_gives_the_same_bytes():
    plot.style()
    assert png("今天天气不错 −1") == png("今天天气不错 −1")


def test_the_same_bytes_in_another_process(tmp_path):
    code = textwrap.dedent("""
        import sys
        import matplotlib
        matplotlib.use("agg")
        from aigc_course import plot
        plot.style()
        fig, ax = plot.figure(6, 3)
        ax.set_title("今天天气不错")
        fig.savefig(sys.argv[1])
    """)
    for name in ("a.png", "b.png"):
        subprocess.run([sys.executable, "-c", code, tmp_path / name], check=True)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("damaged", [False, True])
def test_without_the_font_one_sentence_and_the_figure_all_the_same(tmp_path, monkeypatch, lang, damaged):
    set_lang(lang)
    broken = tmp_path / plot.FONT.name
    if damaged:
        broken.write_bytes(b"not a font")
    monkeypatch.setattr(plot, "FONT", broken)
    kept = [entry for entry in font_manager.fontManager.ttflist if entry.name != plot.FAMILY]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", kept)
    with pytest.warns(
        UserWarning, match="重新安装 aigc-course" if lang == "zh" else "install aigc-course again"
    ) as caught:
        plot.style()
    assert len(caught) == 1 and caught[0].filename == __file__
    assert matplotlib.rcParams["font.family"] == ["DejaVu Sans"]
    assert png("labels").startswith(b"\x89PNG")


def test_style_registers_the_font_once():
    plot.style()
    plot.style()
    assert [entry.name for entry in font_manager.fontManager.ttflist].count(plot.FAMILY) == 1


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_model_and_truth_can_be_told_apart_and_read_on_white():
    assert len(set(plot.COLORS.values())) == len(plot.COLORS)
    for name in ("model", "truth", "good", "muted", "text"):
        assert 1.05 / (luminance(plot.COLORS[name]) + 0.05) >= 3, name


def test_a_picture_of_256_colours_keeps_white_and_the_rarest_colour_and_is_small():
    plot.style()
    fig, ax = plot.figure()
    for i, colour in enumerate(plot.COLORS.values()):
        ax.plot([i, i + 1, i], color=colour)
    ax.plot([3], [0.1], ",", color="#F0E442")  # one pixel of a colour that is nowhere else, on white
    ax.imshow(np.arange(600).reshape(20, 30), extent=(0, 9, 1, 2), aspect="auto")
    buffer = io.BytesIO()
    fig.savefig(buffer)
    small = plot.small_png(buffer.getvalue())
    was, now = (np.asarray(Image.open(io.BytesIO(b)).convert("RGB"), dtype=int) for b in (buffer.getvalue(), small))
    assert Image.open(io.BytesIO(small)).mode == "P" and len(small) < len(buffer.getvalue()) / 2
    assert np.abs(was - now).max() <= 16
    white = (was == 255).all(-1)
    assert white.any() and (now[white] == 255).all()
    assert plot.small_png(small) is small


def test_the_font_comes_with_its_licence_and_is_small():
    licence = (plot.FONT.parent / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence and "Adobe" in licence
    assert plot.FONT.stat().st_size < 2_000_000
    (entry,) = {font_manager.ttfFontProperty(font_manager.get_font(plot.FONT)).name}
    assert entry == plot.FAMILY


def test_the_ledger_and_the_glossary_are_among_the_texts():
    assert {"claims.csv", "glossary.csv", "course.toml"} <= {path.name for path in TEXTS}
