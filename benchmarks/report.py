"""Rows of measured figures, the machine they were measured on, and how they are printed."""

import json
import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes:
        what: what was measured.
        value: the figure, in ``unit``; a median unless ``what`` says otherwise.
        unit: ms, s, MiB, ratio...
        budget: what the design allows, in words; empty if it says nothing.
        note: how it was measured, in a few words.
    """

    what: str
    value: float
    unit: str
    budget: str = ""
    note: str = ""


def machine() -> dict[str, str]:
    """What the figures depend on: processor, cores, memory, versions, commit."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 (whichever git the user has)
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    ).stdout.strip()
    return {
        "commit": commit or "unknown",
        "processor": model,
        "cores": str(os.cpu_count()),
        "memory": f"{pages / 2**30:.0f} GiB",
        "python": platform.python_version(),
        "system": platform.system(),
    }


def print_table(rows: list[Row]) -> None:
    """Print the machine and the rows as a Markdown table."""
    print("; ".join(f"{key} {value}" for key, value in machine().items()))
    print()
    print("| what | measured | budget | how |")
    print("|---|--:|---|---|")
    for row in rows:
        digits = 0 if row.value >= 100 else 1 if row.value >= 10 else 2
        print(f"| {row.what} | {row.value:.{digits}f} {row.unit} | {row.budget} | {row.note} |")


def write_json(rows: list[Row], path: Path) -> None:
    """Write the machine and the rows for programs to read."""
    path.write_text(json.dumps({"machine": machine(), "rows": [asdict(row) for row in rows]}, indent=1) + "\n")
