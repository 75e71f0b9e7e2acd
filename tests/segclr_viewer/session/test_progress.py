"""Progress: today's count and the pace."""

from dataclasses import dataclass

import pytest

from segclr_viewer.session.progress import Progress, progress

NOW = "2026-11-03T09:15:00.000+00:00"


@dataclass
class Given:
    at: str
    provenance: str = "queue"
    annotator: str = "ana"


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day begins at midnight of the machine's zone: here that is UTC."""
    import time

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def test_labels_of_yesterday_of_others_and_imported_ones_are_not_todays() -> None:
    given = [
        Given("2026-11-02T23:59:59.999+00:00"),
        Given("2026-11-03T00:00:00.000+00:00"),
        Given("2026-11-03T08:00:00.000+00:00", "lasso"),
        Given("2026-11-03T08:00:00.000+00:00", annotator="bo"),
        Given("2026-11-03T08:00:00.000+00:00", "import"),
    ]
    assert progress(given, "ana", NOW) == Progress(2, None)


def test_the_pace_is_since_the_first_label_of_the_last_ten_minutes() -> None:
    given = [Given(f"2026-11-03T09:{minute:02}:00.000+00:00") for minute in (4, 7, 8, 9, 10)]
    assert progress(given, "ana", NOW).per_minute == pytest.approx(4 / 8)


def test_many_labels_accepted_at_once_are_no_pace() -> None:
    given = [Given("2026-11-03T09:13:00.000+00:00", "lasso")] * 500 + [Given("2026-11-03T09:13:00.000+00:00")]
    assert progress(given, "ana", NOW) == Progress(501, pytest.approx(0.5))


def test_the_first_label_is_no_pace_of_thousands() -> None:
    assert progress([Given(NOW)], "ana", NOW).per_minute == 1


def test_nothing_labelled_is_no_pace() -> None:
    assert progress([], "ana", NOW) == Progress(0, None)
