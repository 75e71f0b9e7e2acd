"""``python -m benchmarks [--json FILE]``: the whole loop of the app, measured on the demo.

``python -m benchmarks science``: what the embeddings are good for, see ``benchmarks.science``.

``python -m benchmarks real``: the same on real data, see ``benchmarks.real``.
``python -m benchmarks queue``: what the labelling queue saves, see ``benchmarks.queue``.
``python -m benchmarks aggregation``: averaging over neighbourhoods, see ``benchmarks.aggregation``.
``python -m benchmarks table``: reading parts of large embedding tables, see ``benchmarks.table``.
``python -m benchmarks scale``: large tables, bulk embedding and prediction, see ``benchmarks.scale``.
``python -m benchmarks flow``: from key to next place ready, in a browser, see ``benchmarks.flow``.
``python -m benchmarks annotators``: many annotators at once, see ``benchmarks.annotators``.
``python -m benchmarks explore``: layouts, neighbours, clusters, see ``benchmarks.explore``.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import loop, report


def main() -> None:
    """Measure, print the table, and write it as JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the table to this file")
    parser.add_argument(
        "--cache", type=Path, help="folder for the demo; a new one, so that the first launch is a first"
    )
    parser.add_argument("--clicks", type=int, default=60)
    parser.add_argument("--labels", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="segclr-benchmark-") as folder:
        rows = loop.measure(options.cache or Path(folder), options.clicks, options.labels)
    report.print_table(rows)
    if options.json:
        report.write_json(rows, options.json)


if __name__ == "__main__":
    if sys.argv[1:2] == ["science"]:
        from benchmarks.science import command  # it loads torch and matplotlib, which the loop does without

        command.main(sys.argv[2:])
    elif sys.argv[1:2] == ["real"]:
        from benchmarks.real import command as real_command

        real_command.main(sys.argv[2:])
    elif sys.argv[1:2] == ["queue"]:
        from benchmarks.queue import command as queue_command

        queue_command.main(sys.argv[2:])
    elif sys.argv[1:2] == ["aggregation"]:
        from benchmarks import aggregation

        aggregation.main(sys.argv[2:])
    elif sys.argv[1:2] == ["table"]:
        from benchmarks.table import command as table_command

        table_command.main(sys.argv[2:])
    elif sys.argv[1:2] == ["scale"]:
        from benchmarks.scale import command as scale_command  # it loads torch and Dask

        scale_command.main(sys.argv[2:])
    elif sys.argv[1:2] == ["flow"]:
        from benchmarks import flow  # it loads playwright

        flow.main(sys.argv[2:])
    elif sys.argv[1:2] == ["annotators"]:
        from benchmarks import annotators

        annotators.main(sys.argv[2:])
    elif sys.argv[1:2] == ["explore"]:
        from benchmarks.explore import command as explore_command  # it loads torch

        explore_command.main(sys.argv[2:])
    else:
        main()
