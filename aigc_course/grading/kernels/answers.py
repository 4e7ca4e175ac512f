"""The sandboxed kernel's side of `SandboxedKernel.call`: run one of the user's functions, answer in JSON.

Whatever is said here can be forged by the code that runs beside it; the driver treats it so.
"""

import json

from ipykernel.ipkernel import IPythonKernel

from aigc_course.plain import plain

REQUEST, REPLY = "aigc_call_request", "aigc_call_reply"


class AnsweringKernel(IPythonKernel):
    """An IPython kernel that also answers REQUEST: {"name", "args": JSON of a list} → {"status", "json"}."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.shell_handlers[REQUEST] = self.call_request

    def call_request(self, stream, ident, parent):
        """Answer with the plain value of the function, or of the name itself where no list of arguments is given."""
        content = parent["content"]
        try:
            value = self.shell.user_ns[content["name"]]
            if content["args"] is not None:
                value = value(*json.loads(content["args"]))
            reply = {"status": "ok", "json": json.dumps(plain(value), ensure_ascii=False)}
        except BaseException as error:  # SystemExit and KeyboardInterrupt are answers too
            reply = {"status": "error", "ename": type(error).__name__, "evalue": str(error)[:2000]}
        self.session.send(stream, REPLY, reply, parent, ident)
