"""The few shapes that a still picture needs. Coordinates are whole pixels, so that a re-run gives the same text."""

import unicodedata
from xml.sax.saxutils import escape, quoteattr

FONTS = "Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"
INK, SOFT, LINE, PAPER, PANEL = "#1f2328", "#57606a", "#c8ccd1", "#ffffff", "#f4f5f7"
MODEL, TRUTH = "#0072b2", "#d55e00"


def width(text: str, size: float) -> int:
    """About how wide `text` is in pixels at font size `size`: a full em for Chinese, 0.6 em for the rest."""
    return round(sum(size if unicodedata.east_asian_width(c) in "WFA" else 0.6 * size for c in text))


def fit(words: str, size: float, room: int) -> str:
    """`words`, cut short with … where they are wider than `room` pixels."""
    if width(words, size) <= room:
        return words
    while words and width(words, size) > room - size:
        words = words[:-1]
    return f"{words}…"


def text(x: int, y: int, words: str, size: int = 14, fill: str = INK, **attributes) -> str:
    """A line of words with its baseline at (x, y); attributes such as text_anchor="middle"."""
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{fill}"{_more(attributes)}>{escape(words)}</text>'


def box(x: int, y: int, w: int, h: int, fill: str, **attributes) -> str:
    """A filled rectangle."""
    return f'<rect x="{x}" y="{y}" width="{w}" height="{h}" fill="{fill}"{_more(attributes)}/>'


def picture(w: int, h: int, title: str, shapes: list[str]) -> str:
    """The whole SVG, with a light background of its own: the page around it may be dark."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" '
        f'font-family="{FONTS}" style="max-width:100%;height:auto"><title>{escape(title)}</title>'
        + box(0, 0, w, h, PAPER, rx=10, stroke=LINE)
        + "".join(shapes)
        + "</svg>"
    )


def _more(attributes: dict) -> str:
    return "".join(f" {name.replace('_', '-')}={quoteattr(str(value))}" for name, value in attributes.items())
