"""What every interactive picture shares: its files, its language, its messages, and a still picture for pages without Python.

A widget `foo` is `foo.py` with `foo.js` and, if it has one, `foo.css` beside it. The files `common.js` and `common.css` of
this folder go in front of them, as one plain ES module and one style sheet: no bundle, nothing fetched.
"""

import inspect
from pathlib import Path

import anywidget
from traitlets import Unicode

from aigc_course.errors import CourseError
from aigc_course.i18n import get_lang

HERE = Path(__file__).resolve().parent
SVG_FONTS = "Noto Sans CJK SC, PingFang SC, Microsoft YaHei, sans-serif"
VIEW = "application/vnd.jupyter.widget-view+json"


def read_assets(stem: Path, suffix: str) -> str:
    """The text of common.<suffix> followed by `stem`.<suffix>, as one file; a widget may have no css of its own."""
    own = stem.with_suffix(suffix)
    texts = [(HERE / "common").with_suffix(suffix).read_text(encoding="utf-8")]
    if suffix == ".js" or own.exists():
        texts.append(own.read_text(encoding="utf-8"))
    return "\n".join(texts)


class CourseWidget(anywidget.AnyWidget):
    """An interactive picture whose page part is the JavaScript file beside its module.

    `class Foo(CourseWidget)` in foo.py takes foo.js and foo.css; `class Bar(CourseWidget, assets="bar")` takes bar.js.
    The page asks with `ask(model, {…})` of common.js; Python answers in `answer`.
    """

    lang = Unicode(help="language of the words in the picture, zh or en").tag(sync=True)

    # ipywidgets 7 defines this hook, which would win over _repr_mimebundle_ and lose the still picture
    _ipython_display_ = None

    def __init_subclass__(cls, *, assets: str | None = None, **kwargs) -> None:
        module = Path(inspect.getfile(cls))
        stem = module.with_name(assets or module.stem)
        cls._esm = read_assets(stem, ".js")
        cls._css = read_assets(stem, ".css")
        super().__init_subclass__(**kwargs)

    def __init__(self, **kwargs) -> None:
        super().__init__(**{"lang": get_lang(), **kwargs})
        self.on_msg(self._receive)

    def answer(self, question: dict) -> tuple[dict, list[bytes]]:
        """Reply to a message of the page: (JSON-able dict, binary buffers). CourseError becomes a sentence in the page."""
        raise NotImplementedError

    def _receive(self, _widget, content: dict, _buffers) -> None:
        """Pass `content` to `answer` and send back what it returns, under the number the page gave the question."""
        number = content.get("number")
        try:
            reply, buffers = self.answer(content)
        except CourseError as error:
            reply, buffers = {"error": {"zh": error.zh, "en": error.en}}, []
        except Exception as error:
            # the page must not wait for a reply that never comes
            sentence = f"{type(error).__name__}: {error}"
            self.send({"number": number, "error": {"zh": f"Python 出错：{sentence}", "en": f"Python failed: {sentence}"}})
            raise
        self.send({**reply, "number": number}, buffers)

    def static_svg(self) -> str | None:
        """A still picture as SVG with rounded coordinates, for GitHub, nbviewer and nbconvert; None: no picture."""
        return None

    def static_html(self) -> str | None:
        """A still form as HTML without scripts, where words fit better than a picture; None: no form."""
        return None

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        stills = {"image/svg+xml": self.static_svg(), "text/html": self.static_html()}
        # the usual text holds an address in memory, which differs in each run
        data = {**data, "text/plain": type(self).__name__}
        return data | {mime: text for mime, text in stills.items() if text is not None}, metadata
