"""Who does the units of work: processes of this machine, or a Dask cluster. Both give results as they come in."""

import contextlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from typing import Any

from aigc_course.errors import CourseError
from aigc_course.grading import work

AHEAD = 2  # jobs per worker that have been handed out: the driver's memory does not grow with the class
TRIES = 2
PATIENCE = "15s"  # for a scheduler that does not answer


@dataclass
class Job:
    """One submission to grade. load: gives the arguments of `work.grade`, only when it is its turn."""

    student: str
    load: Any
    tries: int = 0


Done = tuple[Job, dict | BaseException]


def _quiet_worker(parent: int) -> None:
    """Ctrl-C is the driver's; when that ends, however it ends, so does this."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)


def _work(arguments: tuple, options: dict) -> dict:
    try:
        return work.grade(*arguments, **options)
    except CourseError:
        raise
    except Exception as error:  # as one that any process can unpack
        raise RuntimeError(f"{type(error).__name__}: {error}") from None


def local(jobs: Iterable[Job], workers: int, **options) -> Iterator[Done]:
    """Grade in `workers` processes. A worker that dies is replaced, and what it was doing is tried once more."""
    waiting = iter(jobs)
    again: list[Job] = []
    while True:
        pool = ProcessPoolExecutor(
            workers, multiprocessing.get_context("spawn"), initializer=_quiet_worker, initargs=(os.getpid(),)
        )
        running: dict[Future, Job] = {}
        broken = False
        try:
            while not broken:
                room = workers * AHEAD - len(running)
                for job in [*_take(again, room), *islice(waiting, max(0, room - len(again)))]:
                    job.tries += 1
                    try:
                        arguments = job.load()
                    except CourseError as error:  # it was there a moment ago
                        yield job, error
                        continue
                    running[pool.submit(_work, arguments, options)] = job
                if not running:
                    return
                finished, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in finished:
                    job, error = running.pop(future), future.exception()
                    broken = broken or isinstance(error, BrokenProcessPool)
                    if error is not None and job.tries < TRIES:
                        again.append(job)
                    else:
                        yield job, error or future.result()
        except BrokenProcessPool:
            again += running.values()
        finally:
            _stop(pool, running)
        again += [job for job in running.values() if job not in again]


def _take(jobs: list[Job], number: int) -> list[Job]:
    taken, jobs[:] = jobs[:number], jobs[number:]
    return taken


def _stop(pool: ProcessPoolExecutor, running: dict[Future, Job]) -> None:
    """Leave at once: after Ctrl-C nobody waits for submissions that are half done."""
    processes = list((pool._processes or {}).values()) if running else []
    pool.shutdown(wait=not running, cancel_futures=True)
    for process in processes:
        with contextlib.suppress(OSError):
            process.kill()


def dask(jobs: Iterable[Job], address: str, **options) -> Iterator[Done]:
    """Grade on the Dask cluster whose scheduler is at `address`. What a lost worker was doing is done by another."""
    from distributed import Client
    from distributed import wait as wait_for

    try:
        client = Client(address, timeout=PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        raise CourseError(
            f"连不上 Dask 调度器 {address}（{type(error).__name__}）：它在运行吗？地址对吗？",
            f"Cannot reach the Dask scheduler at {address} ({type(error).__name__}): is it running there?",
        ) from error
    with client:
        waiting, running = iter(jobs), {}
        while True:
            workers = max(1, sum(client.nthreads().values()))
            for job in islice(waiting, max(0, workers * AHEAD - len(running))):
                job.tries += 1
                try:
                    arguments = job.load()
                except CourseError as error:
                    yield job, error
                    continue
                running[client.submit(_work, arguments, options, pure=False, retries=TRIES - 1)] = job
            if not running:
                return
            finished, _ = wait_for(list(running), return_when="FIRST_COMPLETED")
            for future in finished:
                yield running.pop(future), future.exception() or future.result()
                future.release()
