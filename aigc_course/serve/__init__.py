"""`aigc serve`: the bundled models behind OpenAI's API, on this machine alone and without a network.

One request, one text: the models are the course's own small ones. A chat model by profession gets its template, the
others the question itself; what they think comes back as `reasoning_content`, as DeepSeek's does. A model whose
template knows tools may be offered some: its calls come back as `tool_calls`, and the client runs them.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

from aigc_course import course, hub
from aigc_course.errors import CourseError
from aigc_course.i18n import t

HOST = "127.0.0.1"  # this machine only: the server asks nobody for a key


def names() -> list[str]:
    """The bundled language models, in the order of course.toml."""
    bundled = hub.read_manifest(hub.zoo_dir())
    return [name for name, role in course.load().models.items() if role.kind == hub.LM and name in bundled]


def listen(port: int) -> socket.socket:
    """A socket that listens on `port` (0: any free one); CourseError where that cannot be."""
    if not 0 <= port < 2**16:
        raise CourseError(
            f"没有 {port} 这个端口：请用 1 到 65535 之间的数。", f"There is no port {port}: choose one from 1 to 65535."
        )
    listener = socket.socket()
    if os.name == "posix":  # a port just given up is free; elsewhere this flag means another thing
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise CourseError(
            f"用不了端口 {port}（{error.strerror}）：请用 --port 换一个。",
            f"Port {port} cannot be used ({error.strerror}): choose another with --port.",
        ) from error
    return listener


def address(listener: socket.socket) -> str:
    """The base_url for a client."""
    return f"http://{HOST}:{listener.getsockname()[1]}/v1"


def server(listener: socket.socket):
    """A uvicorn server of the bundled models; `run(sockets=[listener])` starts it."""
    import uvicorn

    from aigc_course.serve.api import app

    quiet = {"log_config": None, "log_level": "critical", "access_log": False}  # errors are told by the application
    config = uvicorn.Config(app(names()), lifespan="on", ws="none", timeout_graceful_shutdown=1, **quiet)
    return uvicorn.Server(config)


@contextlib.contextmanager
def background(port: int = 0) -> Iterator[str]:
    """The server beside the code in the with-block, as in a notebook; gives its base_url."""
    listener = listen(port)
    running = server(listener)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield address(listener)
    finally:
        running.should_exit = True
        thread.join()
        listener.close()


def run(port: int) -> None:
    """Serve until Ctrl-C; CourseError where the port cannot be used or no model is here."""
    listener = listen(port)
    with listener, contextlib.suppress(KeyboardInterrupt):
        print(
            t(
                f"模型 {'、'.join(names())} 在 {address(listener)} 等着，按 Ctrl-C 结束。",
                f"{', '.join(names())} at {address(listener)}; Ctrl-C ends it.",
            ),
            flush=True,
        )
        server(listener).run(sockets=[listener])
    print(t("服务器停了。", "The server has stopped."))
