"""The front door: ``python launch.py [PROJECT.toml]`` opens a project, or the generated demo when none is named."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "model"))

from segclr_viewer.cli import main

if __name__ == "__main__":
    sys.exit(main())
