"""What a client did wrong, in the terms of OpenAI's API."""

from aigc_course.errors import CourseError


class Refused(CourseError):
    """What the client did wrong, with OpenAI's fields: HTTP status, param (the field at fault), code."""

    def __init__(self, zh: str, en: str, param: str | None = None, status: int = 400, code: str | None = None):
        super().__init__(zh, en)
        self.param, self.status, self.code = param, status, code
