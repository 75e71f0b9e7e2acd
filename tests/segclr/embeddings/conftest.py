"""What the tests of tables share."""

import os

import pytest


@pytest.fixture
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested does not cut the power, and waiting for a slow disk takes a minute in all."""
    monkeypatch.setattr(os, "fsync", lambda file: None)
