"""What the product costs, measured: ``python -m benchmarks`` prints a table."""

import sys
from pathlib import Path

# as launch.py does: the checkout need not be installed
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "model"))
