"""How the bundled models are made: `aigc train MODEL` runs the recipe of that name in this folder."""

import json
import os
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType

import torch
from rich.console import Console
from rich.table import Table
from safetensors import SafetensorError

from aigc_course.errors import CourseError
from aigc_course.files import try_folder
from aigc_course.i18n import t
from aigc_course.progress import home
from aigc_course.train import manifest
from aigc_course.train.loop import CHECKPOINT, fit

ON_THE_CURVE = ("reasoner", "direct", "two_per_line", "three_per_line")
WITH_OTHER_SUMS = ("direct_long_sums", "three_per_line_short_sums", "direct_whole_sums")  # beside the curve
# who is also taught so much longer: until more training no longer helps
LONGER = {
    "twice": ON_THE_CURVE,
    "four_times": ON_THE_CURVE[1:],
    "eight_times": (*ON_THE_CURVE[1:], *WITH_OTHER_SUMS),
    "sixteen_times": (*ON_THE_CURVE[1:], "direct_whole_sums"),
    "thirtytwo_times": ("direct", "three_per_line", "direct_whole_sums"),
    "sixtyfour_times": ("direct_whole_sums",),
}
# model → the module of this folder with its recipe: the module itself, or an entry of its own RECIPES
RECIPES = {
    "lm": "lm",
    "copier": "copier",
    "tool_user": "tool_user",
    "prompted": "prompted",
    **dict.fromkeys((*ON_THE_CURVE, *WITH_OTHER_SUMS), "reasoning"),
    **{f"{name}_{how}": "reasoning" for how, names in LONGER.items() for name in names},
    **dict.fromkeys(("r1_zero_base", "carry_start", "carry_base"), "reasoning"),
    **dict.fromkeys(("student_base", "student", "student_logits", "student_answers"), "students"),
    **dict.fromkeys(("student_gold", "student_gold_long"), "students"),
    "painter_vae": "painter_vae",
    "painter": "painter",
}
THREADS = int(os.environ.get("OMP_NUM_THREADS", "2").partition(",")[0])  # it may list a number for each level


def run(
    name: str, seed: int | None = None, out: str | os.PathLike | None = None, resume: bool = True, publish: bool = False
) -> dict:
    """Train model `name` from nothing, measure it, compare it with the manifest and print one table; returns the
    measures.

    seed: the recipe's first one if None. out: the folder to work in, by default `train/NAME-SEED` under the progress
    home; the model is left in its sub-folder `model`. resume: go on from the folder's checkpoint if there is one.
    publish: for maintainers: train with each of the recipe's seeds, put the first into the zoo, rewrite the manifest.
    CourseError for an unknown name or seed, a folder that cannot be written, a damaged checkpoint.
    """
    recipe = recipe_of(name)
    if publish:
        if seed is not None:
            raise CourseError(
                "--publish 总是训练配方里的每个种子，请不要再给 --seed。",
                "--publish trains every seed of the recipe: leave --seed out.",
            )
        seeds = recipe.SEEDS
    else:
        seeds = (recipe.SEEDS[0] if seed is None else _whole(seed),)
    known = manifest.read(manifest.ZOO).get(name, {})  # read now: a damaged manifest is said before the training
    base = Path(out) if out else home() / "train"
    folders = {s: base if out and len(seeds) == 1 else base / f"{name}-{s}" for s in seeds}
    results = {s: _train(recipe, s, folder, resume) for s, folder in folders.items()}
    first = results[seeds[0]]
    Console().print(table(name, first, known, recipe.BARS))
    if publish:
        (folders[seeds[0]] / "model" / "README.md").write_text(recipe.card(results), encoding="utf-8")
        entry = manifest.entry(name, results, recipe.TOLERANCE, recipe.settings(seeds[0]))
        manifest.publish(name, folders[seeds[0]] / "model", entry, manifest.ZOO)
    return first


def first(name: str, seed: int) -> None:
    """Train what another model starts from, and say so."""
    Console().print(t(f"先要有 {name}（种子 {seed}）。", f"First of all {name} (seed {seed})."))
    run(name, seed)


def recipe_of(name: str) -> ModuleType:
    if name not in RECIPES:
        raise CourseError(
            f"没有叫 {name} 的训练配方，可选：{'、'.join(RECIPES)}。",
            f"No recipe is called {name}; there is: {', '.join(RECIPES)}.",
        )
    module = import_module(f"aigc_course.train.{RECIPES[name]}")
    return getattr(module, "RECIPES", {name: module})[name]


def _whole(seed) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise CourseError(
            f"种子要是非负整数，{seed!r} 不是：例如 --seed 1。",
            f"A seed is a whole number from 0 up, {seed!r} is not: for example --seed 1.",
        )
    return seed


def _train(recipe: ModuleType, seed: int, folder: Path, resume: bool) -> dict:
    """Train and measure one seed in `folder`; what is finished there already is not done twice."""
    settings = recipe.settings(seed)
    finished = folder / "metrics.json"
    try:
        try_folder(folder)
    except OSError as error:
        raise CourseError(
            f"写不了文件夹 {folder}（{error.strerror}）：请用 --out 换一个。",
            f"Cannot write to the folder {folder} ({error.strerror}): choose another with --out.",
        ) from error
    if resume and (kept := _kept(finished, settings)):
        return kept
    finished.unlink(missing_ok=True)
    threads = torch.get_num_threads()  # given back below: a notebook may have chosen its own
    torch.set_num_threads(THREADS)
    try:
        model, tokenizer = recipe.build(seed)
        spent = fit(
            model,
            recipe.losses(model, tokenizer, seed),
            folder,
            settings,
            resume=resume,
            optimizer=recipe.optimizer(model) if hasattr(recipe, "optimizer") else None,
            preview=partial(_preview, recipe, model, tokenizer, folder) if hasattr(recipe, "preview") else None,
        )
        metrics = recipe.measure(_saved(recipe, model, tokenizer, folder / "model"), seed) | spent
    finally:
        torch.set_num_threads(threads)
    finished.write_text(json.dumps({"settings": settings, "metrics": metrics}, indent=1), encoding="utf-8")
    (folder / CHECKPOINT).unlink()
    return metrics


def _preview(recipe: ModuleType, model, tokenizer, folder: Path, step: int) -> None:
    (folder / "previews").mkdir(exist_ok=True)
    recipe.preview(model, tokenizer, folder / "previews" / f"{step:06d}.png")


def _saved(recipe: ModuleType, model, tokenizer, folder: Path) -> Path:
    try:
        return recipe.save(model, tokenizer, folder)
    except (OSError, SafetensorError) as error:
        raise CourseError(
            f"存不下模型 {folder}（{error}）：请腾出空间，再运行同一条命令，训练过的都还在。",
            f"Cannot save the model in {folder} ({error}): "
            "free some space and run the same command again, the training is kept.",
        ) from error


def _kept(finished: Path, settings: dict) -> dict | None:
    """The measures of an earlier training with the same settings; None if there is none or its file is damaged."""
    try:
        kept = json.loads(finished.read_text(encoding="utf-8"))
        return kept["metrics"] if kept["settings"] == settings else None
    except (OSError, ValueError, KeyError):
        return None


def table(name: str, metrics: dict, entry: dict, bars: dict[str, float]) -> Table:
    """What was measured, beside the manifest's value, its tolerance and the bar where there are any, with a verdict."""
    shown = Table(
        title=t(f"模型 {name}：测得与清单", f"model {name}: measured and in the manifest")
        if entry
        else t(f"模型 {name}：测得", f"model {name}: measured")
    )
    rows = []
    for metric, value in metrics.items():
        known, tolerance = entry.get("metrics", {}).get(metric), entry.get("tolerance", {}).get(metric)
        good = agrees(value, known, tolerance, bars.get(metric))
        mark = "" if good is None else "✓" if good else "✗"
        rows.append([metric, *map(_number, (value, known, tolerance, bars.get(metric))), mark])
    headings = (
        ("指标", "metric"),
        ("测得", "measured"),
        ("清单", "manifest"),
        ("容差", "tolerance"),
        ("上限", "at most"),
        ("", ""),
    )
    kept = [
        i for i, column in enumerate(zip(*rows, strict=True)) if any(column)
    ]  # the manifest knows bundled models only
    for i in kept:
        shown.add_column(t(*headings[i]), justify="right" if i else "left")
    for row in rows:
        shown.add_row(*(row[i] for i in kept))
    return shown


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def agrees(value: float, known: float | None, tolerance: float | None, bar: float | None) -> bool | None:
    """Whether a measure is within `tolerance` of the manifest's value and under its bar; None if nothing is asked."""
    if bar is None and tolerance is None:
        return None
    near = known is None or tolerance is None or abs(value - known) <= tolerance
    return near and (bar is None or value <= bar)
