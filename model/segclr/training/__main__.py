"""``python -m segclr.training CONFIG.toml``: train an encoder, or go on where the last run stopped."""

import argparse
import sys
from pathlib import Path

from segclr.encoder.checkpoint import read_spec
from segclr.errors import SegclrError
from segclr.training.loop import Progress, train
from segclr.training.memory import keep_freed_memory
from segclr.training.settings_file import load_config
from segclr.training.volumes import open_volumes


def main(arguments: list[str] | None = None) -> int:
    """Run the command; an expected failure is one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m segclr.training", description=__doc__)
    parser.add_argument("config", type=Path, metavar="CONFIG.toml")
    path: Path = parser.parse_args(arguments).config
    keep_freed_memory()
    try:
        config = load_config(path)
        print(config.as_json())
        volumes = open_volumes(config, print)
        checkpoint = train(config, volumes, _print_progress)
        print(f"\n{read_spec(checkpoint)}\n{checkpoint}")
    except SegclrError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from the last saved step", file=sys.stderr)
        return 130
    return 0


def _print_progress(progress: Progress) -> None:
    if not sys.stdout.isatty() and progress.step % 10 and progress.step != progress.steps:
        return
    minutes, seconds = divmod(int(progress.seconds_left), 60)
    line = (
        f"step {progress.step}/{progress.steps}  loss {progress.mean_loss:.3f}  "
        f"{progress.steps_per_second:.2f} steps/s  waiting {progress.waiting_share:.0%}  {minutes}:{seconds:02d} left"
    )
    print(f"\r{line}  " if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
