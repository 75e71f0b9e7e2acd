"""A program that is started anew is the same to a browser."""

from pathlib import Path

from segclr_viewer.same_address import name_of_log, usual_port


def test_name_and_port_follow_from_where_the_log_is_however_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    log, other = tmp_path / "labels.sqlite", tmp_path / "others.sqlite"
    named = name_of_log(log, "2026-03-01")
    assert name_of_log(tmp_path / "link" / "labels.sqlite", "2026-03-01") == named != name_of_log(other, "2026-03-01")
    assert usual_port(log) == usual_port(tmp_path / "x" / ".." / "labels.sqlite")


def test_a_log_that_was_begun_anew_at_the_same_path_has_another_name(tmp_path: Path) -> None:
    log = tmp_path / "labels.sqlite"
    assert name_of_log(log, "2026-03-01") != name_of_log(log, "2026-03-02")


def test_ports_of_different_logs_are_spread_below_those_of_outgoing_connections(tmp_path: Path) -> None:
    ports = {usual_port(tmp_path / str(number) / "labels.sqlite") for number in range(200)}
    assert len(ports) > 190
    assert all(20_000 <= port < 32_000 for port in ports)
