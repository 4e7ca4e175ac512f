"""The one kind of error that a learner is meant to read, and what to say of others that a learner can mend."""

import errno

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


def mendable(error: OSError | ImportError) -> str | None:
    """What to do about an error of the machine and not of the course; None where nobody but us can mend it."""
    if isinstance(error, ModuleNotFoundError) and not error.name.startswith("aigc_course"):
        return t(
            f'没有安装 {error.name}：请运行 pip install -e ".[all]"。',
            f'{error.name} is not installed: run pip install -e ".[all]".',
        )
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return t("磁盘满了：请腾出空间再试。", "The disk is full: free some space and try again.")
    if getattr(error, "errno", None) in (errno.EACCES, errno.EPERM, errno.EROFS):
        return t(
            f"没有权限读写 {error.filename}：请检查它的权限。",
            f"{error.filename} cannot be read or written: check its permissions.",
        )
    return None
