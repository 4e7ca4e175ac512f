"""What the course's site adds to Sphinx: formulas without scripts, Chinese search, and the way to the other language.

Formulas become MathML, which all browsers draw by themselves: MathJax would have to be fetched or shipped. Chinese is
indexed by pairs of neighbouring characters, and a query is cut in the same way: so any phrase is found, terms of this
course too, that a dictionary of words would cut wrongly.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.addnodes import glossary
from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish
from sphinx.util import logging

from aigc_course.i18n import LANGS

LOCALES = {"zh": "zh_CN", "en": "en"}
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff"  # a range of both regular expressions, Python's and JavaScript's
_WORD = re.compile(rf"[{_HAN}]+|[^\W{_HAN}]+")
_SPLIT = """
function splitQuery(query) {
  const words = query.match(/[HAN]+|(?:(?![HAN])[\\p{L}\\p{N}_])+/gu) || [];
  return words.flatMap((word) => /^[HAN]{2,}$/u.test(word)
    ? Array.from({length: word.length - 1}, (_, i) => word.slice(i, i + 2)) : [word]);
}
""".replace("HAN", _HAN)
_NO_PROSE = (nodes.section, nodes.title, nodes.term, nodes.literal_block, nodes.math_block, nodes.raw, glossary)
log = logging.getLogger(__name__)


class BothLanguages(SearchEnglish):
    """English words by their stems, Chinese by single characters and by pairs of neighbours."""

    lang = "zh"
    js_splitter_code = _SPLIT

    def split(self, input: str) -> list[str]:
        found = []
        for word in _WORD.findall(input):
            chinese = re.match(f"[{_HAN}]", word)
            found += [*word, *(word[i : i + 2] for i in range(len(word) - 1))] if chinese else [word]
        return found


def _mathml(self, node: nodes.Element, display: str) -> None:
    made = convert(node.astext(), display=display)
    if "\\" in made:  # a command that it does not know stands there as it was written
        log.warning("no MathML for %r", node.astext(), location=node)
    tag, kind = ("div", "math") if display == "block" else ("span", "math wide" if len(node.astext()) > 24 else "math")
    self.body.append(f'<{tag} class="{kind}">{made}</{tag}>')
    raise nodes.SkipNode


def _inline(self, node: nodes.Element) -> None:
    _mathml(self, node, "inline")


def _block(self, node: nodes.Element) -> None:
    _mathml(self, node, "block")


def _page(app: Sphinx, name: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Give a page the way to its twin, and keep the texts of its sections for the search page."""
    other = next(lang for lang in LANGS if LOCALES[lang] != app.config.language)
    href = "../" * (name.count("/") + 1) + f"{other}/{name}.html"
    word = {"zh": "中文", "en": "English"}[other]
    context["twin"] = f'<a class="twin" hreflang="{other}" lang="{other}" href="{href}">{word}</a>'
    if name == "search":
        for script in ("texts.js", "search.js"):
            app.add_js_file(script)
    if doctree is not None:
        context["body"] = context["twin"] + context["body"]
        terms = doctree.findall(nodes.definition_list_item)
        app.env.site_texts[name] = [
            *(_text(section, section) for section in doctree.findall(nodes.section)),
            *(_text(item, item[0]) for item in terms if item[0].get("ids")),
        ]


def _text(part: nodes.Element, named: nodes.Element) -> tuple[str, str, str]:
    """(id, heading, prose) of a section or of a term, without sections, code and formulas in it."""
    heading = part.next_node(nodes.title) if part is named else named
    return named["ids"][0], heading.astext() if heading else "", " ".join(_prose(part).split())


def _prose(part: nodes.Node) -> str:
    if isinstance(part, nodes.math):
        return "…" if "\\" in part.astext() else part.astext()  # a letter can be read as it is, LaTeX cannot
    if isinstance(part, nodes.Text):
        return part.astext()
    kept = (_prose(child) for child in part.children if not isinstance(child, _NO_PROSE))
    return ("" if isinstance(part, nodes.TextElement) else " ").join(kept)


def _started(app: Sphinx) -> None:
    app.env.site_texts = {}


def _finished(app: Sphinx, error: Exception | None) -> None:
    if error is None:
        texts = json.dumps(app.env.site_texts, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")
        Path(app.outdir, "_static", "texts.js").write_text(f"const siteTexts = {texts};\n", encoding="utf-8")


def setup(app: Sphinx) -> dict:
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    app.add_search_language(BothLanguages)
    app.connect("builder-inited", _started)
    app.connect("html-page-context", _page)
    app.connect("build-finished", _finished)
    return {"parallel_read_safe": False, "parallel_write_safe": False}
