"""What every interactive picture shares: files, language, messages, and a still picture for pages without Python.

A widget `foo` is foo.py with foo.js and, if it has one, foo.css beside it. The files common.js and common.css of this
folder go in front of them, as one plain ES module and one style sheet: no bundle, nothing fetched.
"""

from pathlib import Path

import anywidget
from traitlets import Unicode

from aigc_course.errors import CourseError
from aigc_course.i18n import get_lang

HERE = Path(__file__).resolve().parent


def page_files(module: str, *parts: str) -> tuple[str, str]:
    """(script, style) of the widget whose Python file is `module`, foo.py: foo.js and, if there, foo.css beside it.

    parts: further scripts of that folder that foo.js uses, without ".js". common.js and common.css come first.
    """
    own = Path(module)
    scripts = [HERE / "common.js", *(own.with_name(f"{part}.js") for part in parts), own.with_suffix(".js")]
    styles = [HERE / "common.css", own.with_suffix(".css")]
    script = "\n".join(path.read_text(encoding="utf-8") for path in scripts)
    return script, "\n".join(path.read_text(encoding="utf-8") for path in styles if path.exists())


class CourseWidget(anywidget.AnyWidget):
    """An interactive picture. In foo.py: `class Foo(CourseWidget): _esm, _css = page_files(__file__)`.

    The page asks with `ask(model, {...})` of common.js; Python answers in `answer`.
    """

    lang = Unicode(help="language of the words in the picture, zh or en").tag(sync=True)

    # ipywidgets 7 defines this hook, which would win over _repr_mimebundle_ and lose the still picture
    _ipython_display_ = None

    def __init__(self, **kwargs) -> None:
        super().__init__(**{"lang": get_lang(), **kwargs})
        self.on_msg(self._receive)

    def answer(self, question: dict) -> tuple[dict, list[bytes]]:
        """Reply to a question of the page: (JSON-able dict, binary buffers). CourseError becomes a sentence there."""
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
            words = {"zh": f"Python 出错：{sentence}", "en": f"Python failed: {sentence}"}
            self.send({"number": number, "error": words})
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
