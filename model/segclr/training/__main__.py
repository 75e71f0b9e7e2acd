"""Train an encoder, or go on where the last run stopped.

On one process ``python -m segclr.training CONFIG.toml``; on several
``torchrun --nproc-per-node N -m segclr.training CONFIG.toml``, to the same result.
"""

import argparse
import os
import sys
from pathlib import Path

from segclr.encoder.checkpoint import read_spec
from segclr.errors import SegclrError
from segclr.training.loop import Progress, train
from segclr.training.memory import keep_freed_memory
from segclr.training.ranks import Ranks, join_ranks
from segclr.training.settings_file import load_config
from segclr.training.volumes import make_blocks, open_volumes


def main(arguments: list[str] | None = None) -> int:
    """Run the command; an expected failure is one line on standard error, whatever the number of processes."""
    parser = argparse.ArgumentParser(
        prog="python -m segclr.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path, metavar="CONFIG.toml")
    path: Path = parser.parse_args(arguments).config
    keep_freed_memory()
    try:
        ranks = join_ranks()
    except SegclrError as error:
        if os.environ.get("RANK", "0") == "0":
            print(error, file=sys.stderr)
        return 1
    try:
        _run(path, ranks)
    except SegclrError as error:
        if ranks.speaks_first():
            print(error, file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        if ranks.is_first:
            print("\nstopped; the same command goes on from the last saved step", file=sys.stderr)
        return 130
    ranks.leave()
    return 0


def _run(path: Path, ranks: Ranks) -> None:
    config = load_config(path)
    if ranks.is_first:
        print(config.as_json())
        make_blocks(config, print)
    ranks.wait_for_all()
    volumes = open_volumes(config, lambda _: None)  # the blocks are there by now
    checkpoint = train(config, volumes, _print_progress, ranks)
    if ranks.is_first:
        print(f"\n{read_spec(checkpoint)}\n{checkpoint}")


def _print_progress(progress: Progress) -> None:
    if not sys.stdout.isatty() and progress.step % 10 and progress.step != progress.steps:
        return
    line = progress_line(progress)
    print(f"\r{line}  " if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n", flush=True)


def progress_line(progress: Progress) -> str:
    """One line for people."""
    minutes, seconds = divmod(int(progress.seconds_left), 60)
    probe = "" if progress.probe_f1 is None else f"  probe F1 {progress.probe_f1:.2f}"
    return (
        f"step {progress.step}/{progress.steps}  loss {progress.mean_loss:.3f}  alignment {progress.alignment:.2f}  "
        f"uniformity {progress.uniformity:.2f}{probe}  {progress.cutouts_per_second:.0f} cutouts/s  "
        f"waiting {progress.waiting_share:.0%}  {minutes}:{seconds:02d} left"
    )


if __name__ == "__main__":
    sys.exit(main())
