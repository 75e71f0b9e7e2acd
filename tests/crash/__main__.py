"""``python -m tests.crash [--kills N]``: SIGKILL against the label log, and one line of what came of it."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.crash.kills import kill_many


def main() -> int:
    """Kill, count, print; returns 1 if anything was lost, doubled or torn."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--folder", type=Path, help="where the logs are written (default: a temporary folder)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="segclr-crash-", dir=options.folder) as folder:
        tally = kill_many(Path(folder), options.kills, options.seed)
    print(f"{tally} (seed {options.seed})")
    return 0 if tally.spotless else 1


if __name__ == "__main__":
    sys.exit(main())
