"""Figure style: colours that colour-blind readers can tell apart, letters that a class can read, and Chinese ones."""

import io
import os
import warnings
from pathlib import Path

from aigc_course.i18n import t

FONT = Path(__file__).parent / "fonts" / "AIGCCourseSansSC-Regular.otf"
FAMILY = "AIGC Course Sans SC"

# The palette of Okabe and Ito (jfly.uni-koeln.de/color, 2008), named by the part that a colour plays in every lesson.
COLORS = {
    "model": "#0072B2",  # blue: what a model says (the widgets' colour too)
    "truth": "#D55E00",  # vermilion: what is known to be true (the widgets' colour too)
    "good": "#009E73",  # green
    "chosen": "#E69F00",  # orange: what was picked
    "other": "#CC79A7",  # purple: a second model or language
    "light": "#56B4E9",  # sky blue: a lighter shade of the model
    "warning": "#F0E442",  # yellow: fills only, too light for lines
    "muted": "#7F7F7F",  # grey: the rest, edges, what was cut off
    "text": "#222222",
}
_CYCLE = ("model", "truth", "good", "other", "chosen", "light", "muted")


def style() -> None:
    """Set matplotlib's style for the session: fonts, sizes for a projector, palette, the same picture each run.

    With AIGC_STRICT=1 (set in test runs) a character that no font can draw is an error instead of a warning.
    Without the font file one sentence says what to do, and figures are drawn all the same.
    """
    import matplotlib
    from cycler import cycler

    families = ["DejaVu Sans"]
    if _add_font():
        families.append(FAMILY)
    matplotlib.rcParams.update(
        {
            "font.family": families,
            "font.size": 13,
            "axes.titlesize": 15,
            "axes.labelsize": 13,
            "xtick.labelsize": 12,
            "ytick.labelsize": 12,
            "legend.fontsize": 12,
            "legend.frameon": False,
            "text.color": COLORS["text"],
            "axes.labelcolor": COLORS["text"],
            "xtick.color": COLORS["text"],
            "ytick.color": COLORS["text"],
            "axes.edgecolor": COLORS["muted"],
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.unicode_minus": True,
            "axes.axisbelow": True,
            "axes.grid": True,
            "grid.color": "#E5E5E5",
            "axes.prop_cycle": cycler(color=[COLORS[name] for name in _CYCLE]),
            "lines.linewidth": 2.2,
            "lines.markersize": 7,
            "figure.figsize": (8, 4.5),
            "figure.dpi": 100,
            "figure.facecolor": "white",
            "figure.constrained_layout.use": True,
            "image.cmap": "cividis",
            "svg.hashsalt": "aigc-course",
        }
    )
    if os.environ.get("AIGC_STRICT") == "1":
        fail_on_missing_glyphs()


def figure(width: float = 8, height: float = 4.5):
    """A new figure of `width` by `height` inches with one pair of axes: (figure, axes)."""
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height))


def gallery(pictures, titles=None, columns: int = 8, size: float = 1.25, rows=None) -> None:
    """Show pictures (height, width, 3) in rows of `columns`, each `size` inches wide, as one PNG of 256 colours: in all
    colours noise would make a notebook several times as large.

    titles: one above each picture, or above those of the first row only; rows: words to the left of each row.
    """
    import matplotlib.pyplot as plt
    from IPython.display import Image as Shown
    from IPython.display import display

    pictures, titles = list(pictures), list(titles or [])
    columns = min(columns, len(pictures))
    lines = -(-len(pictures) // columns)
    high = size * len(pictures[0]) / len(pictures[0][0]) + (0.3 if len(titles) > columns or lines == 1 else 0.06)
    fig, axes = plt.subplots(lines, columns, figsize=(columns * size, lines * high), squeeze=False)
    for i, ax in enumerate(axes.flat):
        ax.set(xticks=[], yticks=[])
        ax.grid(visible=False)
        ax.spines[:].set(visible=i < len(pictures), color="#DDDDDD", linewidth=0.8)  # a white picture needs an edge
        if i < len(pictures):
            ax.imshow(pictures[i], interpolation="nearest")  # smoothed noise would make the file half as large again
        if i < len(titles):
            ax.set_title(titles[i], fontsize=11, pad=3)
        if rows and i % columns == 0:
            ax.set_ylabel(rows[i // columns], fontsize=11, rotation=0, ha="right", va="center")
    drawn = io.BytesIO()
    fig.savefig(drawn, dpi=plt.rcParams["figure.dpi"])
    plt.close(fig)
    display(Shown(small_png(drawn.getvalue())))


def small_png(png: bytes) -> bytes:
    """The picture as a PNG of 256 colours, about a third as large; one that has a palette already stays as it is."""
    from PIL import Image

    picture = Image.open(io.BytesIO(png))
    if picture.mode == "P":
        return png
    small = io.BytesIO()
    # median cut, the usual method, drops a colour that few pixels have; an octree turns white into a pale grey
    picture.convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(small, "PNG", optimize=True)
    return small.getvalue()


def fail_on_missing_glyphs() -> None:
    """From now on a character that no font of ours holds raises instead of drawing an empty box."""
    warnings.filterwarnings("error", message=r"Glyph .* missing from", category=UserWarning)


def _add_font() -> bool:
    """Register the Chinese font with matplotlib, once; False, with a warning, where its file is missing or damaged."""
    from matplotlib import font_manager

    if any(entry.name == FAMILY for entry in font_manager.fontManager.ttflist):
        return True
    try:
        font_manager.fontManager.addfont(FONT)
    except (OSError, RuntimeError):
        warnings.warn(
            t(
                f"找不到或读不了中文字体 {FONT.name}，图里的汉字会变成方框。重新安装 aigc-course 即可恢复。",
                f"The Chinese font {FONT.name} is missing or damaged, so Chinese labels will be empty boxes: "
                "install aigc-course again to restore it.",
            ),
            stacklevel=3,
        )
        return False
    return True
