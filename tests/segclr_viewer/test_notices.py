"""What is wrong with the project's files is said on every page: what, where, and what to do."""

from pathlib import Path

import numpy as np

from segclr.embeddings.averaged import part_of
from segclr.embeddings.growing import append_table
from segclr.embeddings.table import open_table
from segclr_viewer.growing_table import GrowingTable
from segclr_viewer.notices import notice_of
from tests.segclr.embeddings.test_aggregation import random_table

LOG, FOLDER = Path("/data/labels.sqlite"), Path("/data/embeddings")


def test_nothing_is_said_where_nothing_is_wrong() -> None:
    assert notice_of(LOG, reads_only=False, folder=FOLDER, damage=()) == ""


def test_a_damaged_shard_is_named_with_what_is_missing_and_what_to_do(tmp_path: Path) -> None:
    whole = random_table(0)
    part_of(whole, np.array([0, 1])).save(tmp_path)
    before = set(tmp_path.glob("embeddings-*.npy"))
    append_table(tmp_path, part_of(whole, np.array([2, 3])))
    (cut,) = set(tmp_path.glob("embeddings-*.npy")) - before
    cut.write_bytes(cut.read_bytes()[:-40])
    table = open_table(tmp_path)
    for opened in (table, GrowingTable.begin(table)):
        said = notice_of(LOG, reads_only=False, folder=tmp_path, damage=opened.damage)
        for part in (str(tmp_path), cut.name, " rows)", "missing here", "labels are kept", "bring the file back"):
            assert part in said
        assert not said.endswith(".")


def test_several_damaged_shards_and_a_log_that_cannot_be_written_are_all_told() -> None:
    said = notice_of(LOG, reads_only=True, folder=FOLDER, damage=("the table is damaged: a", "b", "c"))
    assert "and 2 more shards" in said
    unwritten, damaged = said.split(". ")
    assert unwritten.startswith("the label file /data/labels.sqlite cannot be written")
    assert damaged.startswith("the table is damaged: a")
