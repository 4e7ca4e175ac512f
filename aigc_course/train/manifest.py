"""zoo/manifest.toml: what each bundled model is made of and what it measured; publishing a model into the zoo."""

import hashlib
import json
import os
import shutil
from pathlib import Path

import torch

from aigc_course.errors import CourseError
from aigc_course.files import write_whole
from aigc_course.hub import read_manifest as read

ZOO = Path(__file__).resolve().parent.parent / "zoo"


def write(manifest: dict, zoo: Path) -> None:
    """Write the manifest."""
    lines = ["# Written by `aigc train MODEL --publish`: do not edit by hand.\n"]
    for name, entry in sorted(manifest.items()):
        lines += _table(name, entry)
    write_whole(zoo / "manifest.toml", "".join(lines))


def _table(name: str, entry: dict) -> list[str]:
    """A TOML table: its plain values, then its sub-tables."""
    plain = [f"{_key(k)} = {json.dumps(v, ensure_ascii=False)}\n" for k, v in entry.items() if not isinstance(v, dict)]
    nested = [line for k, v in entry.items() if isinstance(v, dict) for line in _table(f"{name}.{_key(k)}", v)]
    return [f"\n[{name}]\n", *plain, *nested] if plain else nested


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def entry(name: str, results: dict[int, dict], tolerance: dict[str, float], settings: dict) -> dict:
    """A model's entry: the measures of the first seed of `results`, which is the one published, and the others'.

    settings: what its training depended on; a test compares it with the recipe as it is now.
    """

    def short(metrics: dict) -> dict:
        return {k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in metrics.items()}

    first, *others = results
    return {
        "command": f"aigc train {name} --publish",
        "seed": first,
        "settings": settings,
        "metrics": short(results[first]),
        "tolerance": tolerance,
        "other_seeds": {str(seed): short(results[seed]) for seed in others},
    }


def publish(name: str, model: Path, entry: dict, zoo: Path) -> None:
    """Put the files of folder `model` into the zoo as `name`, and its entry (with their sha256) into the manifest.

    The new folder is complete before it takes the old one's place; if anything fails the old one stays.
    """
    new, old = zoo / f".{name}.new", zoo / f".{name}.old"
    for left in (new, old):
        shutil.rmtree(left, ignore_errors=True)
    try:
        zoo.mkdir(parents=True, exist_ok=True)
        shutil.copytree(model, new)
        found = sorted(path for path in new.rglob("*") if path.is_file())
        for path in found:
            path.chmod(0o644)  # safetensors writes its file for the owner alone
        files = {path.relative_to(new).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}
        manifest = read(zoo) | {name: entry | {"torch": torch.__version__, "files": files}}
        if (zoo / name).exists():
            os.replace(zoo / name, old)
        try:
            os.replace(new, zoo / name)
            write(manifest, zoo)
        except OSError:
            shutil.rmtree(zoo / name, ignore_errors=True)
            if old.exists():
                os.replace(old, zoo / name)
            raise
    except OSError as error:
        raise CourseError(
            f"无法把模型 {name} 放进 {zoo}（{error.strerror}）：请检查权限和空间。",
            f"Cannot put the model {name} into {zoo} ({error.strerror}): check permissions and space.",
        ) from error
    finally:
        for left in (new, old):
            shutil.rmtree(left, ignore_errors=True)
