"""What the learner did: predictions made, checks passed, settings, in one small JSON file."""

import copy
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from aigc_course.files import write_whole
from aigc_course.i18n import t

FILE = "progress.json"
LOCK_SECONDS = 5
_SECTIONS = ("predictions", "checks", "settings")

# home -> the state kept in memory, for homes where nothing can be written
_memory: dict[Path, dict] = {}


def home() -> Path:
    """The learner's folder: the environment variable AIGC_HOME, else ~/.aigc-course."""
    wished = os.environ.get("AIGC_HOME")
    return Path(wished).expanduser() if wished else Path.home() / ".aigc-course"


def load() -> dict:
    """{"predictions": {id: value}, "checks": {id: passed}, "settings": {key: value}}, empty at first.

    Never raises: a damaged file is set aside with one sentence, an unreadable one counts as empty.
    """
    if home() in _memory:
        return copy.deepcopy(_memory[home()])
    try:
        return _read(home() / FILE)
    except _Damaged:
        return _update(lambda state: None)
    except OSError as error:
        return _keep_in_memory(_empty(), error)


def save_prediction(id: str, value: Any) -> None:
    """Keep a prediction, e.g. save_prediction("tokens.p1", 75); `value` is anything JSON can hold."""
    _save("predictions", id, value)


def prediction(id: str) -> Any:
    """The prediction kept under `id`, or None."""
    return load()["predictions"].get(id)


def save_check(id: str, passed: bool) -> None:
    """Keep the newest result of a check, e.g. save_check("tokens.q1", True)."""
    _save("checks", id, bool(passed))


def save_setting(key: str, value: Any) -> None:
    """Keep a setting of the learner; `value` is anything JSON can hold."""
    _save("settings", key, value)


def setting(key: str) -> Any:
    """The setting kept under `key`, or None."""
    return load()["settings"].get(key)


class _Damaged(Exception):
    """The file is there and is not a progress file."""


def _empty() -> dict:
    return {section: {} for section in _SECTIONS}


def _save(section: str, key: str, value: Any) -> None:
    json.dumps(value)  # a value that JSON cannot hold is the caller's bug: say so before anything is touched
    _update(lambda state: state[section].__setitem__(key, value))


def _update(change: Callable[[dict], None]) -> dict:
    """Read, change and write under a lock, so that two notebooks lose nothing of each other's; gives the new state."""
    folder = home()
    if folder in _memory:
        change(_memory[folder])
        return copy.deepcopy(_memory[folder])
    state = _last_known(folder / FILE)  # where nothing can be written, memory goes on from here
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f"{FILE}.lock", timeout=LOCK_SECONDS):
            try:
                state = _read(folder / FILE)
            except _Damaged:
                _set_aside(folder / FILE)
                state = _empty()
            change(state)
            # in ASCII: half a character, which UTF-8 cannot hold, may stand in a file and must not stop a lesson
            write_whole(folder / FILE, json.dumps(state, indent=1, sort_keys=True), mode=0o600)
    except OSError as error:
        change(state)
        return _keep_in_memory(state, error)
    return state


def _last_known(path: Path) -> dict:
    try:
        return _read(path)
    except (_Damaged, OSError):
        return _empty()


def _read(path: Path) -> dict:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return _empty()
    except (ValueError, RecursionError) as error:  # neither UTF-8 nor JSON, or brackets without end
        raise _Damaged from error
    if not isinstance(state, dict) or any(not isinstance(state.get(section), dict) for section in _SECTIONS):
        raise _Damaged
    return state


def _set_aside(path: Path) -> None:
    number = 1
    while (aside := path.with_name(f"{FILE}.corrupt-{number}")).exists():
        number += 1
    os.replace(path, aside)
    _say(
        f"学习进度文件损坏了，已改名为 {aside.name} 放在一边；进度从头记起。",
        f"The progress file was damaged: it is set aside as {aside.name}, and progress starts afresh.",
    )


def _keep_in_memory(state: dict, error: OSError) -> dict:
    """Go on without the disk; said once, because from now on this home is looked up in memory."""
    reason = error.strerror or type(error).__name__
    _memory[home()] = state
    _say(
        f"没法把学习进度写进 {home()}（{reason}）：课照常上，这次的进度只留在内存里；"
        f"想保存，请把环境变量 AIGC_HOME 设成一个可写的文件夹。",
        f"Progress cannot be kept in {home()} ({reason}), so this time it stays in memory and the lesson goes on; "
        f"to keep it, set AIGC_HOME to a folder that you can write to.",
    )
    return copy.deepcopy(state)


def _say(zh: str, en: str) -> None:
    print(t(zh, en), file=sys.stderr)
