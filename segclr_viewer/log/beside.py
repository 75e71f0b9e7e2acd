"""The files that lie beside a label log and belong to it, each with the log's name before its own."""

from pathlib import Path


def training_path(log: Path) -> Path:
    """What the annotators have chosen to train on."""
    return log.with_name(log.name + ".training.json")


def views_path(log: Path) -> Path:
    """The saved views."""
    return log.with_name(log.name + ".views.json")


def selections_path(log: Path) -> Path:
    """The folder of the selections that views and links name."""
    return log.with_name(log.name + ".selections")
