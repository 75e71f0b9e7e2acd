"""``python -m segclr.em.phantom FOLDER [--seed N] [--size X Y Z]`` writes a phantom; ``--pictures DIR`` draws one."""

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from segclr.em.phantom.phantom import make_phantom
from segclr.em.phantom.pictures import write_pictures
from segclr.em.phantom.recipes import SEED, SIZE_VOXELS
from segclr.em.phantom.writing import write_phantom
from segclr.errors import SegclrError


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m segclr.em.phantom", description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="folder to write")
    parser.add_argument("--pictures", type=Path, metavar="DIR", help="draw a section and a 3-D view into this folder")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--size", type=int, nargs=3, default=SIZE_VOXELS, metavar=("X", "Y", "Z"), help="voxels")
    parser.add_argument("--subtypes", action="store_true", help="with the demo's hidden subtype")
    options = parser.parse_args()
    if options.folder is None and options.pictures is None:
        parser.error("name a folder to write, or --pictures DIR")
    x, y, z = options.size
    bar = tqdm(total=100, unit="%", bar_format="{desc:24s} {bar} {n:.0f} % {elapsed}")

    def progress(text: str, share: float) -> None:
        bar.set_description_str(text)
        bar.update(100 * share - bar.n)

    try:
        if options.folder is not None:
            write_phantom(options.folder, options.seed, (x, y, z), progress, options.subtypes)
        if options.pictures is not None:
            made = make_phantom(options.seed, (x, y, z), progress, subtypes=options.subtypes)
            write_pictures(options.pictures, made)
    except SegclrError as error:
        bar.close()
        print(error, file=sys.stderr)
        return 1
    bar.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
