"""The one kind of error that a learner is meant to read."""

from aigc_course.i18n import t


class CourseError(ValueError):
    """Something the reader can mend: one sentence, in both languages, that says what to do.

    zh, en: the sentence. `str()` gives it in the current language, IPython shows it without a traceback.
    """

    def __init__(self, zh: str, en: str):
        super().__init__(zh, en)
        self.zh, self.en = zh, en

    def __str__(self) -> str:
        return t(self.zh, self.en)

    def _render_traceback_(self) -> list[str]:
        """IPython's hook: what it prints in place of a stack of frames."""
        return [str(self)]
