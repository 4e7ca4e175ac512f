"""What one submission may use."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Limits:
    """Times in seconds, sizes in bytes unless said otherwise.

    file: the notebook. cells: how many. cell: one cell. call: one request to a function, which may ask for many calls.
    total: all of a submission. restarts: how often a kernel that dies or hangs is replaced. output: what one cell
    prints or one request returns. memory, scratch: of the kernel, in MB.
    """

    file: int = 20_000_000
    cells: int = 1000
    cell: float = 60.0
    call: float = 20.0
    total: float = 300.0
    restarts: int = 6
    output: int = 4 << 20
    memory: int = 2048
    scratch: int = 256

    def to_dict(self) -> dict:
        return asdict(self)
