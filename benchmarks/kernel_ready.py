"""From the launch of a kernel until it has imported torch, transformers and diffusers: warm against stock.

Both are launched through an unmodified jupyter_client and take turns, so that whatever else the machine does hits both.
Ready means: the first kernel_info reply is here and the cell with the three imports has run. The zygote is up before
the first turn, as it is for all notebooks of a run but the first; how long that takes is told too. Memory is what each
of EXTRA more kernels adds to the proportional set size of the zygote and all its children (shared pages count once).
Processor seconds are given beside the clock's, since a busy machine stretches the long stock start more than the short
warm one, and kernels started in a row, which find no spare one ready.
"""

import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from jupyter_client.manager import KernelManager
from jupyter_client.provisioning import KernelProvisionerFactory

ROUNDS = 10
EXTRA = 4
PATIENCE = 600  # seconds that the zygote waits for the next turn: on a busy machine a stock kernel takes over a minute
IMPORTS = "import torch, transformers, diffusers"
KINDS = {"warm": "aigc-warm", "stock": "local-provisioner"}
REST = 1.0  # seconds between two turns: the zygote prepares its next kernel meanwhile


@contextlib.contextmanager
def ready(kind: str, folder: Path) -> Iterator[tuple[float, int]]:
    """A kernel of that kind: the seconds until it was ready, and its process id."""
    KernelProvisionerFactory.instance().default_provisioner_name = KINDS[kind]
    manager = KernelManager(connection_file=str(folder / f"{time.monotonic_ns()}.json"))
    start = time.perf_counter()
    manager.start_kernel(extra_arguments=["--IPKernelApp.log_level=CRITICAL"])
    client = manager.client()
    client.start_channels(hb=False)
    try:
        client.kernel_info(reply=True, timeout=120)
        reply = client.execute(IMPORTS, reply=True, timeout=300)
        seconds = time.perf_counter() - start
        if reply["content"]["status"] != "ok":
            raise SystemExit(f"the {kind} kernel cannot import the models' libraries: {reply['content']['evalue']}")
        yield seconds, manager.provisioner.pid
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def turn(kind: str, folder: Path) -> tuple[float, float]:
    """Seconds by the clock until ready, and processor seconds of the kernel's process from its start or fork."""
    with ready(kind, folder) as (seconds, pid):
        spent = psutil.Process(pid).cpu_times()
        return seconds, spent.user + spent.system


def family_mb(kernel: int) -> float:
    """MB that a warm kernel's zygote and all its children hold together."""
    zygote = psutil.Process(kernel).parent()
    return sum(process.memory_full_info().pss for process in (zygote, *zygote.children())) / 2**20


def memory_of_one(folder: Path) -> float:
    """MB that each of EXTRA more warm kernels adds."""
    with ready("warm", folder) as (_, pid), contextlib.ExitStack() as more:
        time.sleep(3 * REST)  # let the zygote fill up its spares, here and below
        alone = family_mb(pid)
        for _ in range(EXTRA):
            more.enter_context(ready("warm", folder))
        time.sleep(3 * REST)
        return (family_mb(pid) - alone) / EXTRA


def main() -> dict[str, float]:
    """Measure, print, and return median and worst seconds of both, stock over warm, and MB of one more warm kernel."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ["AIGC_WARM_IDLE"] = str(PATIENCE)
    result: dict[str, float] = {"rounds": ROUNDS}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result["first_warm_s"] = round(turn("warm", folder)[0], 1)
        turn("stock", folder)  # warms the disk's cache
        taken: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
        for _ in range(ROUNDS):
            for kind in KINDS:
                time.sleep(REST)
                taken[kind].append(turn(kind, folder))
        in_a_row = [turn("warm", folder)[0] for _ in range(ROUNDS)]
        result["warm_extra_pss_mb"] = round(memory_of_one(folder))
    for kind, turns in taken.items():
        seconds, spent = zip(*turns, strict=True)
        result |= {f"{kind}_median_s": round(statistics.median(seconds), 3), f"{kind}_worst_s": round(max(seconds), 3)}
        result[f"{kind}_cpu_s"] = round(statistics.median(spent), 3)
    result["warm_in_a_row_median_s"] = round(statistics.median(in_a_row), 3)
    result["ratio"] = round(result["stock_median_s"] / result["warm_median_s"], 1)
    result["ratio_cpu"] = round(result["stock_cpu_s"] / result["warm_cpu_s"], 1)
    print(result)
    return result


if __name__ == "__main__":
    main()
