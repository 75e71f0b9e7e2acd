"""The log of a run."""

from pathlib import Path

import pytest

from segclr.errors import ProjectError
from segclr.training.journal import Journal, LogRow, last_probe, mean_loss, read_log


def row(step: int, probe_f1: float | None = None) -> LogRow:
    return LogRow(step, 5.0 / step, 1 / 3, -2.5, 1e-3, probe_f1, 410.25, 0.125)


def write(path: Path, rows: list[LogRow]) -> None:
    with path.open("w", newline="") as file:
        journal = Journal(file, rows[:1])
        for entry in rows[1:]:
            journal.write(entry)


def test_rows_come_back_to_the_last_digit_up_to_the_saved_step(tmp_path: Path) -> None:
    rows = [row(1), row(2, 0.1 + 0.2), row(3), row(4)]
    write(tmp_path / "log.csv", rows)
    assert read_log(tmp_path / "log.csv", 3) == rows[:3]
    assert read_log(tmp_path / "log.csv", 0) == []
    assert read_log(tmp_path / "absent.csv", 3) == []


def test_a_row_is_on_the_disk_as_soon_as_it_is_written(tmp_path: Path) -> None:
    with (tmp_path / "log.csv").open("w", newline="") as file:
        Journal(file, []).write(row(1))
        assert read_log(tmp_path / "log.csv", 1) == [row(1)]


@pytest.mark.parametrize("text", ["step,loss\n1,2.5\n", "step,loss,alignment\nx,1,2\n"])
def test_a_damaged_log_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(ProjectError, match=r"log\.csv is damaged .* move it away"):
        read_log(tmp_path / "log.csv", 1)


def test_the_last_probe_and_the_mean_loss_are_of_the_latest_rows() -> None:
    rows = [row(1, 0.25), row(2, 0.5), row(4)]
    assert last_probe(rows) == 0.5
    assert last_probe([row(1)]) is None
    assert mean_loss(rows, 2) == pytest.approx((2.5 + 1.25) / 2)
