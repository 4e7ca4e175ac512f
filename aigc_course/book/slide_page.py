"""An executed deck as one HTML page: slides, speaker notes, reveal.js and the letters all inside, nothing fetched."""

import base64
import io
import re
from dataclasses import dataclass, field
from functools import cache
from html import escape, unescape
from importlib.util import find_spec
from pathlib import Path

from nbformat import NotebookNode

from aigc_course.book.lint import MARKDOWN
from aigc_course.errors import CourseError
from aigc_course.plot import FONT

STYLE = Path(__file__).with_name("slides.css")
PARTS = ("dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js", "LICENSE")
OPTIONS = (
    "{width: 1280, height: 720, margin: 0, minScale: 0.1, maxScale: 4, center: false, hash: true, transition: 'none',"
    " slideNumber: 'c/t', controlsTutorial: false, pdfSeparateFragments: false, plugins: [RevealNotes]}"
)
# what the page itself writes: the numbers of the slides
_ALWAYS = "0123456789/ "
# signs that a Chinese font draws as wide as a Chinese character
_NARROW = {"zh": "·", "en": "·‘’“”…—"}


@dataclass
class Slide:
    """One slide as HTML: its heading, prose and outputs in their order, the sources, and what the speaker says."""

    title: str
    content: list[tuple[str, str]] = field(default_factory=list)  # ("words" or "shown", HTML)
    sources: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    beside: bool = False

    def html(self) -> str:
        kinds = {kind for kind, _ in self.content}
        look = ["title"] * self.title.startswith("<h1") + ["plain"] * ("shown" not in kinds) + ["beside"] * self.beside
        if self.beside:
            sides = ["".join(html for kind, html in self.content if kind == side) for side in ("words", "shown")]
            body = f'<div class="words">{sides[0]}</div><div class="shown">{sides[1]}</div>'
        else:
            body = "".join(html for _, html in self.content)
        sources = f'<div class="sources">{"".join(self.sources)}</div>' if self.sources else ""
        return (
            f'<section><div class="{" ".join(["slide", *look])}">{self.title}<div class="body">{body}</div>{sources}'
            f'</div><aside class="notes">{"".join(self.notes)}</aside></section>'
        )


def slides(notebook: NotebookNode) -> list[Slide]:
    """The slides of an executed deck, by the slide types in its cells' metadata."""
    found = []
    for cell in notebook.cells:
        kind = slide_type(cell)
        if kind == "skip":
            continue
        if kind == "slide":
            heading, _, rest = cell.source.lstrip().partition("\n")
            found.append(Slide(MARKDOWN.render(heading).strip()))
            if rest.strip():
                found[-1].content.append(("words", MARKDOWN.render(rest)))
        elif kind == "notes":
            found[-1].notes.append(MARKDOWN.render(cell.source))
        elif cell.cell_type == "markdown":
            found[-1].content.append(("words", MARKDOWN.render(cell.source)))
        else:
            _add_code(found[-1], cell)
    return found


def slide_type(cell: NotebookNode) -> str:
    """A cell's part in a deck: "slide", "notes" or "skip"; "" where it stands on the slide that has begun, "fragment"
    where it comes to it at the next key."""
    return cell.metadata.get("slideshow", {}).get("slide_type", "")


def _add_code(slide: Slide, cell: NotebookNode) -> None:
    """Put what a code cell showed on its slide; its code too where it is tagged `show`."""
    tags = cell.metadata.get("tags", [])
    slide.beside |= "beside" in tags
    if "show" in tags:
        slide.content.append(("shown", f'<pre class="code">{escape(cell.source)}</pre>'))
    shown = []
    for output in cell.outputs:
        html = _output(output)
        (slide.sources if html.startswith('<p class="source"') else shown).append(html)
    if slide_type(cell) == "fragment":
        shown = [f'<div class="fragment">{"".join(shown)}</div>']
    slide.content += [("shown", html) for html in shown]


def _output(output: NotebookNode) -> str:
    """What a cell showed, as HTML; of a widget its still picture."""
    if output.output_type == "stream":
        return f"<pre>{escape(output.text.rstrip())}</pre>"
    data = output.get("data", {})
    if "image/png" in data:
        width = output.metadata.get("image/png", {}).get("width")
        size = f' width="{width}"' if width else ""
        picture = "".join(data["image/png"].split())
        return f'<img alt=""{size} src="data:image/png;base64,{picture}">'
    if "image/svg+xml" in data:
        return data["image/svg+xml"]
    if "text/html" in data:
        return re.sub(r"<style.*?</style>| border=\"1\"", "", data["text/html"], flags=re.S)
    return f"<pre>{escape(data.get('text/plain', ''))}</pre>"


def reveal() -> dict[str, str]:
    """The texts of reveal.js's files by their names in PARTS, out of the installed package sphinx-revealjs.

    CourseError where it is not installed or no longer holds them.
    """
    spec = find_spec("sphinx_revealjs")
    folder = Path(spec.submodule_search_locations[0], "_static", "revealjs") if spec else Path("sphinx_revealjs")
    try:
        texts = {part: (folder / part).read_text(encoding="utf-8") for part in PARTS}
    except OSError as error:
        raise CourseError(
            f'没有 reveal.js（{error.filename}）：请运行 pip install -c constraints.txt -e ".[slides]"。',
            f'reveal.js is missing ({error.filename}): run pip install -c constraints.txt -e ".[slides]".',
        ) from error
    # a page in one file has no maps beside it, and a script ends at the first end tag, in a string too
    return {
        part: re.sub(r"(?m)^//# sourceMappingURL=.*$", "", text).replace("</script", r"<\/script")
        for part, text in texts.items()
    }


@cache
def letters(text: str, path: Path = FONT) -> bytes:
    """A font with the letters of `text` only, as WOFF. CourseError names the letters that it lacks."""
    from fontTools import subset
    from fontTools.ttLib import TTFont

    font, wanted = TTFont(path), {ord(c) for c in text if not c.isspace()}
    if missing := sorted(wanted - font.getBestCmap().keys()):
        named = " ".join(f"{chr(c)} (U+{c:04X})" for c in missing)
        raise CourseError(
            f"课件的字体里没有这些字：{named}。请换成别的字。", f"The deck's font lacks {named}: write it otherwise."
        )
    options = subset.Options()
    options.hinting, options.notdef_outline = False, True
    options.drop_tables += ["FFTM"]  # FontForge's own dates
    options.name_IDs += [13, 14]  # the licence stays with the letters
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted | {ord(" ")})
    subsetter.subset(font)
    font.flavor = "woff"
    made = io.BytesIO()
    font.save(made)
    return made.getvalue()


@cache
def _drawn(path: Path) -> set[int]:
    """The code points that a font draws."""
    from fontTools.ttLib import TTFont

    return set(TTFont(path).getBestCmap())


def _faces(text: str, code: str, lang: str) -> str:
    """The style that brings a deck's letters along: the same on each machine, so that all lines break alike."""
    import matplotlib

    dejavu, ours = Path(matplotlib.get_data_path(), "fonts", "ttf"), _drawn(FONT)
    # what ours lacks, such as ✗, comes from matplotlib's font; what that lacks, too, stops the build
    others = sorted({c for c in text if not c.isspace() and ord(c) not in ours} | set(_NARROW[lang]))
    reach = ", ".join(f"U+{ord(c):04X}" for c in others)
    fonts = [
        ("AIGC Deck", FONT, "".join(c for c in text + _ALWAYS if ord(c) in ours), ""),
        ("AIGC Deck", dejavu / "DejaVuSans.ttf", "".join(others), f"unicode-range: {reach};"),
        ("AIGC Code", dejavu / "DejaVuSansMono.ttf", "".join(filter(str.isascii, code)) + _ALWAYS, ""),
    ]
    return "\n".join(
        f'@font-face {{ font-family: "{name}"; {where} '
        f'src: url(data:font/woff;base64,{base64.b64encode(letters(used, path)).decode()}) format("woff"); }}'
        for name, path, used, where in fonts
    )


def page(title: str, lang: str, found: list[Slide], printed: bool = False) -> str:
    """The whole deck as one HTML page that needs no network and no other file.

    printed: one slide under the other for a printer, without reveal.js, which takes its time to lay pages out.
    """
    body, parts = "\n".join(slide.html() for slide in found), reveal()
    code = seen("".join(re.findall(r'<pre class="code">.*?</pre>', body, re.S)))
    face = _faces(seen(body) + title, code, lang)
    style = "" if printed else f"<style>{parts['dist/reveal.css']}</style>"
    scripts = (
        ""
        if printed
        else f"""<script>{parts["dist/reveal.js"]}</script>
<script>{parts["plugin/notes/notes.js"]}</script>
<script>Reveal.initialize({OPTIONS});</script>"""
    )
    return f"""<!DOCTYPE html>
<html lang="{"zh-CN" if lang == "zh" else "en"}"{' class="printed"' if printed else ""}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<!-- This page contains reveal.js:
{parts["LICENSE"].strip()}
Its letters are subsets of Noto Sans CJK, SIL Open Font License 1.1 (https://openfontlicense.org), and of the DejaVu
fonts, Bitstream Vera licence (https://dejavu-fonts.github.io/License.html). -->
{style}
<style>{face}</style>
<style>{STYLE.read_text(encoding="utf-8")}</style>
</head>
<body>
<div class="reveal"><div class="slides">
{body}
</div></div>
{scripts}
</body>
</html>
"""


def seen(body: str) -> str:
    """The text of some HTML, without its tags."""
    return unescape(re.sub(r"<[^>]*>", " ", body))
