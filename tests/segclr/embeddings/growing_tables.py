"""A table that grows by three parts, and the files that it is of."""

from pathlib import Path

from segclr.embeddings.growing import append_table
from tests.segclr.embeddings.made_tables import BIG, made_table

PARTS = (
    made_table({7: 3, BIG: 4}, seed=1),
    made_table({9: 1, 2**53 + 1: 5, 7: 2}, seed=2, first_node=100),
    made_table({BIG: 2, BIG + 1: 6}, seed=3, first_node=50),
)


def grown(folder: Path) -> Path:
    for part in PARTS:
        append_table(folder, part)
    return folder


def npy_files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if ".npy" in path.name}
