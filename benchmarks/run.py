"""Run every benchmark of this folder: `python -m benchmarks.run [NAME…]`. Prints a table, writes results.json."""

import importlib
import json
import os
import platform
import sys
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent


def names() -> list[str]:
    """The benchmarks: each is a module with `main() -> dict` of numbers."""
    return sorted(path.stem for path in HERE.glob("*.py") if path.stem not in ("run", "__init__"))


def main(wanted: list[str]) -> None:
    """Run the benchmarks named in `wanted`, all where it is empty; results of the others stay in the file."""
    unknown = set(wanted) - set(names())
    if unknown:
        raise SystemExit(f"There is no benchmark {min(unknown)}: there are {', '.join(names())}.")
    path = HERE / "results.json"
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    machine = {"date": date.today().isoformat(), "cpus": os.cpu_count(), "python": platform.python_version()}
    for name in wanted or names():
        results[name] = importlib.import_module(f"benchmarks.{name}").main() | machine
        # after each one, so that a failure later loses nothing
        path.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    table = Table("benchmark", "measure", "value")
    for name, values in sorted(results.items()):
        for key, value in values.items():
            if key not in machine:
                table.add_row(name, key, str(value))
    Console().print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
