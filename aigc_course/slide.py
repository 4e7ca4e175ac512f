"""What the code cells of a lecture's deck use: pictures that fill a slide, a large number, a line with the sources."""

import re
from collections.abc import Callable
from html import escape

from aigc_course import claims, course, lesson
from aigc_course.cards import show
from aigc_course.errors import CourseError
from aigc_course.i18n import t
from aigc_course.plot import COLORS, figure

DPI = 160  # at this many pixels to the inch the usual letters of `plot.style` can be read from the last row
WIDTH, HEIGHT = 7.1, 3.0  # inches: the room under a slide's title
_kept: dict = {}  # what `once` computed


def begin(part: int, lang: str, tier: str = "cpu") -> None:
    """Set up the deck of the lecture's part `part` (1 to 4) as `lesson.begin` does a lesson, with larger pictures.

    CourseError where no lesson belongs to that part, and as `lesson.begin`.
    """
    slugs = [one.slug for one in course.load().lessons if one.slide_part == part]
    if not slugs:
        raise CourseError(
            f"course.toml 里没有哪一课属于讲座的第 {part} 部分。", f"No lesson in course.toml belongs to part {part}."
        )
    lesson.begin(slugs[0], lang, tier)

    import matplotlib
    from IPython import get_ipython
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    matplotlib.rcParams.update({"figure.dpi": DPI, "figure.figsize": (WIDTH, HEIGHT), "font.size": 12})
    if get_ipython() is not None:
        set_matplotlib_formats("retina")


def once(name: str, compute: Callable):
    """What `compute()` gives. While `aigc slides` builds a deck in several languages it is asked for once: for what
    depends on no language."""
    if not lesson.brief():
        return compute()
    if name not in _kept:
        _kept[name] = compute()
    return _kept[name]


def cite(*ids: str) -> None:
    """Show a line with the sources of these claims (see claims.csv); CourseError for an unknown one."""
    ledger = claims.load()
    if unknown := [id for id in ids if id not in ledger]:
        raise CourseError(
            f"台账 datasets/claims.csv 里没有“{unknown[0]}”。",
            f"There is no claim “{unknown[0]}” in datasets/claims.csv.",
        )
    rows = [ledger[id] for id in ids]
    marks = [t(*claims.STATUSES[row.status][:2]) for row in rows]
    each = [f"{row.source}, {row.date} [{mark}]" for row, mark in zip(rows, marks, strict=True)]
    _source(t("来源：", "Source: ") + t("；", "; ").join(dict.fromkeys(each)))


def sourced(*rows) -> None:
    """Show a line with the sources of rows such as `landscape.read` gives, or the name of the table that has them."""
    told = [row if isinstance(row, str) else row.source for row in rows]
    _source(t("来源：", "Source: ") + t("；", "; ").join(dict.fromkeys(told)))


def quoted(id: str, *numbers: float) -> tuple[float, ...]:
    """These numbers, to draw or to print, and a line with their source; CourseError unless claim `id` says each."""
    cite(id)
    row = claims.load()[id]
    said = {float(found.replace(",", "")) for found in re.findall(r"\d[\d,]*(?:\.\d+)?", t(row.zh, row.en))}
    for number in numbers:
        if number not in said:
            raise CourseError(f"台账里的“{id}”没有 {number:g} 这个数。", f"Claim “{id}” does not say {number:g}.")
    return numbers


def bars(shares, said="{:.0%}", colours=(), what: str = "", high: float = HEIGHT, whiskers=None) -> None:
    """Show horizontal bars, the first on top, each with its number: shares is {name: number}.

    said: how a number is written; colours: names in `plot.COLORS`, one for each bar, or none; what: the axis; high:
    inches; whiskers: (low, high) for each bar.
    """
    import matplotlib.pyplot as plt

    names, numbers, places = list(shares), list(shares.values()), range(len(shares))
    ends = [end[1] for end in whiskers] if whiskers else numbers
    errors = None
    if whiskers:
        errors = [[n - low for n, (low, _) in zip(numbers, whiskers, strict=True)]]
        errors.append([top - n for n, (_, top) in zip(numbers, whiskers, strict=True)])
    shades = [COLORS[name] for name in (colours if len(colours) == len(names) else ["model"] * len(names))]
    _, ax = figure(WIDTH, high)
    ax.barh(places, numbers, 0.6, color=shades, xerr=errors, ecolor=COLORS["text"], capsize=5)
    for place, end, number in zip(places, ends, numbers, strict=True):
        ax.text(end + 0.015 * max(ends), place, said.format(number), va="center", fontsize=16)
    ax.set_yticks(places, names, fontsize=14)
    ax.set(xlabel=what, xlim=(0, 1.17 * max(ends)))
    ax.invert_yaxis()
    ax.set_xticks([])  # each bar has its number
    ax.grid(visible=False)
    plt.show()


def measured(what: str) -> None:
    """Show a line that says what computed this slide: a sentence such as "the model lm, 300 texts"."""
    _source(t("当场算出：", "Computed for this slide: ") + what)


def _source(words: str) -> None:
    show(words, f'<p class="source" style="font-size: 0.6em; color: #52606d; margin: 0">{escape(words)}</p>')


def big(number: str, words: str) -> None:
    """Show one number that has been computed, as large as the slide allows, and what it says."""
    show(
        f"{number}  {words}",
        '<div class="big" style="text-align: center"><div style="font-size: 4em; line-height: 1.2; color: #0072b2">'
        f"{escape(number)}</div><div>{escape(words)}</div></div>",
    )


def lines(*words: str) -> None:
    """Show lines of computed text, such as what a model wrote, large."""
    body = "".join(f'<div style="line-height: 1.55">{escape(one)}</div>' for one in words)
    show("\n".join(words), f'<div class="lines">{body}</div>')


def boxes(labels: list[str], under: list[str] | None = None, colours: list[str] | None = None) -> None:
    """Show labels in boxes side by side, as a text's tokens; under: a word below each; colours: CSS, one for each."""
    under, colours = under or [""] * len(labels), colours or ["#dcebf7"] * len(labels)
    cells = "".join(
        '<div style="text-align: center; margin: 0 6px 12px 0">'
        f'<div style="background: {colour}; color: #1f2933; border-radius: 8px; padding: 6px 12px; white-space: pre">'
        f'{escape(label)}</div><div style="color: #52606d; font-size: 0.85em">{escape(below)}</div></div>'
        for label, below, colour in zip(labels, under, colours, strict=True)
    )
    show(" | ".join(labels), f'<div class="boxes" style="display: flex; flex-wrap: wrap">{cells}</div>')


def table(columns: list[str], rows: list[list]) -> None:
    """Show a table with these columns, without an index."""
    import pandas as pd

    frame = pd.DataFrame(rows, columns=columns)
    show(frame.to_string(index=False), frame.to_html(index=False, border=0))
