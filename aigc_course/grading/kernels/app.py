"""An IPython kernel in two halves: all that does not depend on its launcher is done ahead, the rest in milliseconds."""

import atexit
import gc
import os
import random
import signal
import sys
import tempfile
import threading
from collections.abc import Callable

import ipykernel
import zmq
from ipykernel.heartbeat import Heartbeat
from ipykernel.iostream import IOPubThread
from ipykernel.kernelapp import IPKernelApp
from traitlets.config import Application

from aigc_course.grading.kernels import threads

LAUNCHER = os.path.join(os.path.dirname(os.path.dirname(ipykernel.__file__)), "ipykernel_launcher.py")


def _in_loop(loop, work: Callable[[], None]) -> None:
    """Run `work` in the thread of a tornado loop, since it owns the socket, and wait for it."""
    done, errors = threading.Event(), []

    def run():
        try:
            work()
        except Exception as error:
            errors.append(error)
        done.set()

    loop.add_callback(run)
    done.wait()
    if errors:
        raise errors[0]


class WarmKernelApp(IPKernelApp):
    """`initialize(argv)` prepares; `connect(file)` binds to what the launcher's connection file says."""

    connected = False

    def init_connection_file(self):
        """Later: there is none yet."""

    def write_connection_file(self, **kwargs):
        """Later, and only to fill in ports."""
        if self.connected:
            super().write_connection_file(**kwargs)

    def log_connection_info(self):
        """Later: the ports are not known."""
        if self.connected:
            super().log_connection_info()

    def _bind_socket(self, s, port):
        return super()._bind_socket(s, port) if self.connected else port

    def init_heartbeat(self):
        """Later: it binds as it starts."""
        if self.connected:
            super().init_heartbeat()

    def init_path(self):
        """Later: the working directory is not the launcher's yet."""
        if self.connected:
            super().init_path()

    def init_gui_pylab(self):
        """Later: depends on the environment."""
        if self.connected:
            super().init_gui_pylab()

    def init_extensions(self):
        """Later: extensions may look at the environment or the folder."""
        if self.connected:
            super().init_extensions()

    def init_code(self):
        """Later: startup files are the user's code."""
        if self.connected:
            super().init_code()

    def init_sockets(self):
        """They are made now and bound later; until then they are of no transport that one would be warned of."""
        self.transport = "ipc"
        super().init_sockets()

    def init_poller(self):
        """None: the zygote knows when the launcher ends, and ends us."""

    def load(self, file: str) -> None:
        """Take ports, key and transport from the launcher's connection file."""
        self.connection_file = file
        super().init_connection_file()

    def connect(self, load: Callable[[], None]) -> None:
        """The second half. load: brings in the connection."""
        self.connected = True
        load()
        self._bind_all()
        self.init_heartbeat()
        self.write_connection_file()
        self.parent_handle = 1  # not started by hand: nothing to say on the terminal
        self.log_connection_info()
        self.kernel.record_ports({name + "_port": port for name, port in self._ports.items()})
        self.init_path()
        self.shell.init_environment()
        if name := os.environ.get("JPY_SESSION_NAME"):
            self.shell.user_ns["__session__"] = name
        self.init_gui_pylab()
        if "ipywidgets" in sys.modules:  # it asks for the kernel when it is imported, and there was none
            sys.modules["ipywidgets"].load_ipython_extension(self.shell)
        self.init_extensions()
        self.init_code()
        sys.stdout.flush()
        sys.stderr.flush()

    def _bind_all(self) -> None:
        def shell():
            self._apply_curve(self.shell_socket)
            self.shell_port = self._bind_socket(self.shell_socket, self.shell_port)

        def control():
            self._apply_curve(self.control_socket)
            self.control_port = self._bind_socket(self.control_socket, self.control_port)

        def iopub():
            self._apply_curve(self.iopub_thread.socket)
            self.iopub_port = self._bind_socket(self.iopub_thread.socket, self.iopub_port)

        self._apply_curve(self.stdin_socket)
        self.stdin_port = self._bind_socket(self.stdin_socket, self.stdin_port)
        shell_thread = getattr(self, "shell_channel_thread", None)  # since ipykernel 7
        _in_loop(shell_thread.io_loop, shell) if shell_thread else shell()
        _in_loop(self.control_thread.io_loop, control)
        _in_loop(self.iopub_thread.io_loop, iopub)
        self._connect_debugger()

    def _connect_debugger(self) -> None:
        if endpoint := self.shell_socket.getsockopt(zmq.LAST_ENDPOINT):
            if hasattr(self, "_apply_curve_client_options"):
                self._apply_curve_client_options(self.debug_shell_socket)
            self.debug_shell_socket.connect(endpoint)

    def _apply_curve(self, socket) -> None:
        if hasattr(self, "_apply_curve_server_options"):  # since ipykernel 7.3
            self._apply_curve_server_options(socket)


class _ReadyHeartbeat(Heartbeat):
    """Echoes on a socket that was bound for it."""

    ready_fd = -1

    def _try_bind_socket(self):
        self.socket.setsockopt(zmq.USE_FD, self.ready_fd)
        return super()._try_bind_socket()


class CagedKernelApp(WarmKernelApp):
    """The kernel of a sandbox: it can make no socket, so it gets them bound."""

    ready_fds: dict[int, int]  # port → socket

    def init_iopub(self, context):
        """As the stock kernel, but without the TCP port for what forked processes print: theirs goes nowhere."""
        listens = hasattr(IOPubThread, "_setup_xpub_listener")  # since ipykernel 7
        self.iopub_socket = context.socket(zmq.XPUB if listens else zmq.PUB)
        self.iopub_socket.linger = 1000
        self.configure_tornado_logger()
        self.iopub_thread = IOPubThread(self.iopub_socket, pipe=False)
        self.iopub_thread.session = self.session
        self.iopub_thread.start()
        self.iopub_socket = self.iopub_thread.background_socket

    def _try_bind_socket(self, s, port):
        s.setsockopt(zmq.USE_FD, self.ready_fds[port])
        return super()._try_bind_socket(s, port)

    def _connect_debugger(self) -> None:
        """None: it would need a socket."""

    def init_heartbeat(self):
        if self.connected:
            self.heartbeat = _ReadyHeartbeat(zmq.Context(), (self.transport, self.ip, self.hb_port))
            self.heartbeat.ready_fd = self.ready_fds[self.hb_port]
            self.heartbeat.start()

    def write_connection_file(self, **kwargs):
        """The driver has it already."""


def refresh(threads_wanted: int | None) -> None:
    """Make this fork a process of its own: random numbers, temporary names, threads, garbage collection.

    threads_wanted: of torch and BLAS; None for as many as a fresh process would take.
    """
    random.seed()
    tempfile.tempdir = None
    if "multiprocessing.process" in sys.modules:
        sys.modules["multiprocessing.process"].current_process().authkey = os.urandom(32)
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "torch" in sys.modules:
        sys.modules["torch"].seed()
    threads.set_threads(threads_wanted)
    gc.enable()


def run(app: Application) -> None:
    """Serve until the client asks to stop, then leave as Python does, but for the end of the interpreter itself."""
    app.start()
    threading._shutdown()
    atexit._run_exitfuncs()
    os._exit(0)


def fresh_signals() -> None:
    """Undo what the zygote did with signals."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
