"""What each kind of attention in `long_context` costs, in memory and time, by the length of the text.

`python -m aigc_course.train.attention_costs` measures on this machine and writes datasets/attention_costs.csv; Linux.
"""

import csv
import os
import resource
import subprocess
import sys
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from aigc_course import course, long_context, tables
from aigc_course.attention import scaled_dot_product_attention
from aigc_course.files import write_whole

HEADS, D = 4, 64  # of the layer that is measured
KEEP = 512  # tokens that a query may see in the sparse ways
LENGTHS = (1000, 2000, 4000, 8000, 16000, 32000, 60000, 100000)
COUNTED = 8000  # up to this length the tensors are counted too, which slows the run
# whole tables of scores beyond this would need more than 6 GB
LONGEST = {"dense": 8000, "random": 8000}
# tokens: of the text; seconds: processor time, the least of `repeats` runs; peak_mb: memory above what stood there
# before, seen by the operating system; tensors_mb: the same by counting tensors, empty where not counted
FIELDS = ("method", "tokens", "seconds", "repeats", "peak_mb", "tensors_mb")


def methods() -> dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]]:
    """Each way by name, as a function of q, k, v (heads, n, d). All are causal.

    dense: the table of scores as a whole; torch: torch's own dense attention, which never holds the table; random: the
    article's idea, mended: a random half of the table masked away; the others: `long_context`'s, 512 tokens a query.
    """
    indexer = long_context.Indexer(HEADS * D)

    def random(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        mask = long_context.random_mask(q.shape[1], k.shape[1], 0.5, torch.Generator().manual_seed(0), (len(q),))
        return scaled_dot_product_attention(q, k, v, mask)[0]

    def indexed(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return long_context.indexed(q, k, v, indexer(q, k), KEEP)

    return {
        "dense": long_context.dense,
        "torch": lambda q, k, v: torch.nn.functional.scaled_dot_product_attention(
            q[None], k[None], v[None], is_causal=True
        )[0],
        "random": random,
        "window": lambda q, k, v: long_context.sliding_window(q, k, v, KEEP),
        "block": lambda q, k, v: long_context.block_sparse(q, k, v, 64, KEEP // 64),
        "top_k": lambda q, k, v: long_context.top_k(q, k, v, KEEP),
        "index": indexed,
    }


def text(n: int, heads: int = HEADS) -> tuple[Tensor, Tensor, Tensor]:
    """Random q, k, v of a text of n tokens, (heads, n, d) each."""
    return torch.randn(3, heads, n, D, generator=torch.Generator().manual_seed(n)).unbind()


# ---- one measurement -----------------------------------------------------------------------------------------------


class PeakBytes(TorchDispatchMode):
    """Within `with PeakBytes() as peak:` counts the bytes of all tensors made there that are alive at the same time;
    `peak.most` is the most there were. Exact and the same on every machine, but blind to what one operation of torch
    uses inside itself."""

    def __init__(self):
        super().__init__()
        self.now = self.most = 0
        self.known = weakref.WeakSet()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        given = {x.untyped_storage() for x in torch.utils._pytree.tree_leaves((args, kwargs)) if isinstance(x, Tensor)}
        result = func(*args, **(kwargs or {}))
        for x in torch.utils._pytree.tree_leaves(result):
            if isinstance(x, Tensor) and (memory := x.untyped_storage()) not in self.known and memory not in given:
                self.known.add(memory)
                self.now += memory.nbytes()
                weakref.finalize(memory, self._freed, memory.nbytes())
        self.most = max(self.most, self.now)
        return result

    def _freed(self, count: int) -> None:
        self.now -= count


@torch.no_grad()
def peak_bytes(attention: Callable[[Tensor, Tensor, Tensor], Tensor], n: int, heads: int = HEADS) -> int:
    """The most bytes of tensors that it held at once on a text of n tokens, its inputs not counted, its output is."""
    given = text(n, heads)
    with PeakBytes() as peak:
        attention(*given)
    return peak.most


@torch.no_grad()
def seconds(
    attention: Callable[[Tensor, Tensor, Tensor], Tensor], n: int, repeats: int = 1, heads: int = HEADS
) -> float:
    """Processor seconds on a text of n tokens, the least of several runs: what else the machine does only adds."""
    given, times = text(n, heads), []
    for _ in range(repeats):
        start = time.process_time()
        attention(*given)
        times.append(time.process_time() - start)
    return min(times)


def _measure(method: str, n: int) -> list:
    """A row of the table, in a process of its own: memory used before could be used again, and would not be seen."""
    torch.set_num_threads(1)
    attention = methods()[method]
    seconds(attention, 100)  # torch loads and plans what it needs
    given = text(n)
    Path("/proc/self/clear_refs").write_text("5")  # the highest use so far is forgotten
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    start = time.process_time()
    with torch.no_grad():
        attention(*given)
    first = time.process_time() - start
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0]) * 1024 - before
    repeats = 5 if first < 2 else 3 if first < 30 else 1  # the least of them counts
    spent = min([first, *(seconds(attention, n) for _ in range(repeats - 1))])
    counted = f"{peak_bytes(attention, n) / 1e6:.1f}" if n <= COUNTED else ""
    return [method, n, f"{spent:.3g}", repeats, f"{peak / 1e6:.1f}", counted]


# ---- the table -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cost:
    """One row. seconds: of processor time; peak_mb: megabytes; tensors_mb: None where not counted."""

    method: str
    tokens: int
    seconds: float
    repeats: int
    peak_mb: float
    tensors_mb: float | None


def path() -> Path:
    """Where the table is."""
    return course.root() / "datasets" / "attention_costs.csv"


def measured() -> dict[str, list[Cost]]:
    """The rows of the table by method, the shortest text first."""
    found: dict[str, list[Cost]] = {}
    for method, tokens, spent, repeats, peak, counted in tables.rows(path(), FIELDS):
        row = Cost(method, int(tokens), float(spent), int(repeats), float(peak), float(counted) if counted else None)
        found.setdefault(method, []).append(row)
    return found


def power(costs: list[Cost], what: str = "seconds") -> tuple[float, float]:
    """(exponent, factor) of the power law through the rows from 2,000 tokens on: below, the fixed cost of a call counts
    too much. what: "seconds" or "peak_mb"."""
    long = [row for row in costs if row.tokens >= 2000]
    return long_context.power_law([row.tokens for row in long], [getattr(row, what) for row in long])


def cost(costs: list[Cost], tokens: int, what: str = "seconds") -> tuple[float, bool]:
    """(cost, whether it was measured) of a text of `tokens`: the row of that length, else a point of the power law."""
    for row in costs:
        if row.tokens == tokens:
            return getattr(row, what), True
    exponent, factor = power(costs, what)
    return factor * tokens**exponent, False


def run() -> Path:
    """Measure every method and length that the table lacks, one process after the other, and add the rows."""
    done = {(row.method, row.tokens) for rows in measured().values() for row in rows} if path().exists() else set()
    if not done:
        write_whole(path(), ",".join(FIELDS) + "\n")
    wanted = [(method, n) for n in LENGTHS for method in methods() if n <= LONGEST.get(method, n)]
    wanted.sort(key=lambda pair: pair[1] * (4 if pair[0] == "top_k" else 1))  # the slow ones last
    for method, n in wanted:
        if (method, n) not in done:
            row = subprocess.run(
                [sys.executable, "-m", "aigc_course.train.attention_costs", method, str(n)],
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            ).stdout
            print(row, end="", flush=True)
            with path().open("a", encoding="utf-8", newline="") as file:
                file.write(row)
    heading, *rows = path().read_text(encoding="utf-8").splitlines(keepends=True)
    order = list(methods())
    rows.sort(key=lambda row: (order.index(row.split(",")[0]), int(row.split(",")[1])))
    write_whole(path(), "".join([heading, *rows]))
    return path()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        csv.writer(sys.stdout, lineterminator="\n").writerow(_measure(sys.argv[1], int(sys.argv[2])))
    else:
        print(run())
