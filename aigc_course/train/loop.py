"""The training loop that every bundled model shares: a bar with the time left, checkpoints, resuming."""

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from aigc_course.errors import CourseError
from aigc_course.i18n import t

CHECKPOINT = "checkpoint.pt"
WARM_UP = 100  # steps of linear warm-up; a cosine to zero follows


def fit(
    model: torch.nn.Module,
    losses: Callable[[int], Iterable[torch.Tensor]],
    folder: Path,
    settings: dict,
    *,
    resume: bool = True,
    save_every: int = 200,
    until: int | None = None,
    optimizer: torch.optim.Optimizer | None = None,
    preview: Callable[[int], None] | None = None,
) -> dict[str, float]:
    """Train `model` in place with AdamW; returns {"loss", "wall_seconds", "cpu_seconds"}, resumed parts included.

    losses(step): the terms of that step's loss (scalars, summed); they may depend on the step only, then a resumed
    training sees what the uninterrupted one would have seen. settings: {"steps", "learning_rate", …}, kept in the
    checkpoint; one made with other settings is refused. until: stop (and keep a checkpoint) before this step.
    optimizer: AdamW if None; its learning rate is set here. preview: called with the step after each checkpoint.
    """
    steps, peak = settings["steps"], settings["learning_rate"]
    if optimizer is None:
        optimizer = torch.optim.AdamW(model.parameters(), lr=peak, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    state = load_checkpoint(folder, settings) if resume else None
    done, spent = 0, {"loss": math.nan, "wall_seconds": 0.0, "cpu_seconds": 0.0}
    if state:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["rng"])
        done, spent = state["step"], state["spent"]
    wall, cpu = time.monotonic() - spent["wall_seconds"], time.process_time() - spent["cpu_seconds"]

    def save() -> None:
        spent.update(wall_seconds=time.monotonic() - wall, cpu_seconds=time.process_time() - cpu)
        save_checkpoint(
            folder,
            {
                "settings": settings,
                "step": done,
                "model": model.state_dict(),
                "spent": spent,
                "optimizer": optimizer.state_dict(),
                "rng": torch.get_rng_state(),
            },
        )

    model.train()
    with _bar() as bar, _interrupted() as interrupted:
        task = bar.add_task(t("训练", "training"), total=steps, completed=done, loss="")
        while done < min(steps, until or steps) and not interrupted:
            optimizer.param_groups[0]["lr"] = peak * _schedule(done, steps)
            spent["loss"] = _step(model, optimizer, losses(done))
            done += 1
            bar.update(task, completed=done, loss=f"loss {spent['loss']:.3f}")
            if done % save_every == 0:
                save()
                if preview:
                    preview(done)
        save()
        if interrupted:
            bar.console.print(
                t(
                    "已中断，进度保存好了；再运行同一条命令就会接着训练。",
                    "Stopped; the progress is saved. Run the same command again to go on.",
                )
            )
            raise KeyboardInterrupt
    model.eval()
    return dict(spent)


@contextmanager
def _interrupted() -> Iterator[list]:
    """A list that gets an element at Ctrl-C, so that a step is always finished and the checkpoint exact."""
    seen: list = []
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set a handler
        yield seen
        return
    before = signal.signal(signal.SIGINT, lambda *_: seen.append(True))
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)


def _step(model: torch.nn.Module, optimizer: torch.optim.Optimizer, terms: Iterable[torch.Tensor]) -> float:
    optimizer.zero_grad()
    total = 0.0
    for term in terms:
        term.backward()
        total += term.item()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return total


def _schedule(step: int, steps: int) -> float:
    """The share of the peak learning rate: up in a line, down in a cosine."""
    warm_up = min(WARM_UP, steps // 10 + 1)
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def _bar() -> Progress:
    """Drawn ten times a second on a terminal; a log file gets its last state only."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[loss]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
    )


def save_checkpoint(folder: Path, state: dict) -> None:
    """Write the checkpoint so that a kill at any moment leaves the old one or the new one, whole."""
    part = folder / f"{CHECKPOINT}.part"
    try:
        torch.save(state, part)
        os.replace(part, folder / CHECKPOINT)
    except (OSError, RuntimeError) as error:  # torch.save reports a full disk as a RuntimeError
        with suppress(OSError):
            part.unlink()  # what fits of it would keep the disk full
        raise CourseError(
            f"写不了检查点 {part}（{error}）：请腾出空间，或用 --out 换一个文件夹。",
            f"Cannot write the checkpoint {part} ({error}): free some space or choose another folder with --out.",
        ) from error


def load_checkpoint(folder: Path, settings: dict) -> dict | None:
    """The checkpoint in `folder`, None if there is none; CourseError if it is damaged or of another training."""
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        made_with = state["settings"]
    except Exception as error:  # torch.load raises whatever the damaged bytes lead it to
        raise CourseError(
            f"检查点 {path} 已损坏：删掉它，再从头训练。",
            f"The checkpoint {path} is damaged: delete it and train from the beginning.",
        ) from error
    if made_with != settings:
        raise CourseError(
            f"检查点 {path} 属于另一次设置不同的训练：删掉它，或用 --out 换一个文件夹。",
            f"The checkpoint {path} belongs to a training with other settings: delete it or choose "
            "another folder with --out.",
        )
    return state
