"""What a sandboxed kernel may see and use. Fixed when its zygote starts."""

import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

# the libraries and programs of the machine, and what programs look up there; a file that is absent is left out
SYSTEM = (
    *("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/usr"),
    *("/etc/ld.so.cache", "/etc/localtime", "/etc/timezone", "/etc/fonts", "/etc/mime.types", "/etc/alternatives"),
)
MODELS = ("torch", "transformers", "diffusers")


@dataclass(frozen=True)
class Profile:
    """A sandbox. Sizes are in MB, for all processes of one kernel together unless said otherwise.

    imports: modules that every kernel has at hand. rehearsal: code that a trial kernel runs once, so that the modules
    which it needs are imported too. readable: paths to see besides the machine's programs and this Python. hidden:
    paths in there that appear empty. env: variables to set, as pairs. addresses: address space of one process beyond
    what it starts with. file: the largest file. cpu: processor seconds of one process. processes: threads count too.
    spare: kernels kept ready. namespaces: False leaves Landlock, seccomp and limits (to try what is left without).
    """

    imports: tuple[str, ...] = MODELS
    rehearsal: str = ""
    readable: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    scratch: int = 256
    memory: int = 2048
    addresses: int = 4096
    file: int = 64
    cpu: int = 600
    processes: int = 64
    open_files: int = 256
    spare: int = 1
    namespaces: bool = True

    @classmethod
    def from_dict(cls, values: dict) -> "Profile":
        """The inverse of `asdict`, also after a trip through JSON."""
        texts = {key: tuple(value) for key, value in values.items() if key in ("imports", "readable", "hidden")}
        return cls(**{**values, **texts, "env": tuple((name, value) for name, value in values["env"])})

    def to_dict(self) -> dict:
        return asdict(self)


def for_course(**changes) -> Profile:
    """A profile that sees the course package, its map and its tables, but not its graders."""
    from aigc_course import course

    package = Path(__file__).resolve().parents[2]
    seen = [package, course.root() / "course.toml", course.root() / "datasets"]
    graders = [file for file in (package / "checks").glob("*.py") if file.name != "__init__.py"]
    hidden = [package / "grading", package / "checks" / "__pycache__", *graders]
    paths = {"readable": tuple(map(str, seen)), "hidden": tuple(map(str, sorted(hidden)))}
    return Profile(**{**paths, **changes})


def python_paths() -> list[str]:
    """Where this Python lives: the environment and the installation under it."""
    return sorted({sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix})


def around(paths: Iterable[str], hidden: Iterable[str]) -> tuple[list[Path], list[Path]]:
    """(what of `paths` may be read, folders that may be listed): where something hidden lies in a path, what lies
    beside it. For walls that can allow, and not take back."""
    shut = {Path(path).resolve() for path in hidden}
    holding = {parent for path in shut for parent in path.parents}
    open_, listed, todo = [], [], outermost(paths)
    while todo:
        path = todo.pop()
        if path in holding:
            listed.append(path)
            todo += path.iterdir()
        elif path not in shut:
            open_.append(path)
    return open_, listed


def outermost(paths: Iterable[str]) -> list[Path]:
    """Those of `paths` that exist and lie in no other of them, links followed, in order."""
    real = sorted({Path(path).resolve() for path in paths if Path(path).exists()})
    return [path for path in real if not any(parent in real for parent in path.parents)]
