"""The language switch: every word that a learner sees passes through `t`."""

import locale
import os

LANGS = ("zh", "en")
_current: str | None = None


def _detect() -> str:
    """AIGC_LANG, else the machine's language: Chinese where it is Chinese, English elsewhere."""
    wished = os.environ.get("AIGC_LANG", "")
    if wished in LANGS:
        return wished
    names = (os.environ.get("LC_ALL"), os.environ.get("LC_MESSAGES"), os.environ.get("LANG"), locale.getlocale()[0])
    first = next((name for name in names if name), "")
    return "zh" if first.lower().startswith(("zh", "chinese")) else "en"


def get_lang() -> str:
    """The current language, "zh" or "en"."""
    return _current or _detect()


def set_lang(lang: str) -> None:
    """Switch every later text to `lang` ("zh" or "en"); CourseError for anything else."""
    global _current
    if lang not in LANGS:
        from aigc_course.errors import CourseError  # errors imports t from here

        raise CourseError(f"没有“{lang}”这种语言，请用 zh 或 en。", f"There is no language “{lang}”: use zh or en.")
    _current = lang


def t(zh: str, en: str) -> str:
    """The text in the current language."""
    return zh if get_lang() == "zh" else en
