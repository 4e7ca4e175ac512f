"""A number in a lesson's prose must stand in one of its cells too: set in code, computed, or shown as a claim.

What a rerun or a better source would change then changes before the reader's eyes, and not behind the prose.
"""

import re

from nbformat import NotebookNode

from aigc_course.book.source import complaint

SMALL = 12  # counts of things on the page need no cell
YEARS = range(1900, 2051)
_NO_FIGURES = re.compile(
    r"""```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$\n]*\$     # code and formulas
    |https?://\S+|arXiv:\S+|\]\([^)]*\)                # addresses
    |^\#.*$|^\d+\.[ ]                                  # headings, the numbers of a list
    |\d+(?:\s*[-+×÷−]\s*\d+)+\s*=\s*\d+                # sums that everybody can check
    |第\ ?\d+(?:\.\d+)?|(?:sections?|steps?|lessons?|questions?|parts?)\ \d+(?:\ (?:to|and|or)\ \d+)?
    |大约\ \d+\ 分钟|About\ \d+\ minutes""",
    re.VERBOSE | re.DOTALL | re.MULTILINE | re.IGNORECASE,
)
_IN_PROSE = re.compile(r"(?<![\w.\-/:#])\d[\d,]*(?:\.\d+)?(?![\w\-/]*[A-Za-z_])")  # not GPT-4, 0.6B, v3
_SHARE = re.compile(r"\s*(?:%|％|倍|times\b)")  # a share or a factor is no count of things on the page
_ANY = re.compile(r"\d[\d,]*(?:\.\d+)?")


def loose(notebook: NotebookNode) -> list[tuple[str, str]]:
    """(cell id, the number with its surroundings) of each number in the prose of a built lesson that no cell of code
    sets, computes or claims. Small counts (no shares, no factors) and years are let through; 40 % may be shown as
    0.4."""
    shown: set[float] = set()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            for text in (cell.source.replace("_", ""), *_outputs(cell)):
                shown |= {_value(found) for found in _ANY.findall(text)}
    shown |= {100 * number for number in shown} | {number / 100 for number in shown}
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            prose = _NO_FIGURES.sub(lambda cut: " " * len(cut[0]), cell.source)
            for match in _IN_PROSE.finditer(prose):
                number = _value(match[0])
                count = number in range(SMALL + 1) and not _SHARE.match(prose, match.end())
                if not (number in shown or count or number in YEARS):
                    around = cell.source[max(0, match.start() - 20) : match.end() + 20]
                    found.append((cell.id, " ".join(around.split())))
    return found


def problems(where: str, notebook: NotebookNode) -> list[str]:
    """What `loose` finds, each as a sentence that says what to do."""
    return [
        complaint(
            where,
            cell,
            f"“{around}”里的数没有哪一格算出来，请用一格代码算它、印它，或写成 claim。",
            f"no cell shows the number in “{around}”: compute or print it in a cell, or make it a claim.",
        )
        for cell, around in loose(notebook)
    ]


def _outputs(cell: NotebookNode) -> list[str]:
    """The texts that a cell printed or displayed."""
    texts = [output.get("text", "") for output in cell.outputs]
    return texts + [
        text for output in cell.outputs for kind, text in output.get("data", {}).items() if kind.startswith("text/")
    ]


def _value(text: str) -> float:
    return float(text.replace(",", ""))
