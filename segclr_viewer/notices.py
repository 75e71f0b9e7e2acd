"""What every page says as long as it is open, because something is wrong with the project's files."""

from collections.abc import Sequence
from pathlib import Path

from segclr.wording import counted


def notice_of(log: Path, reads_only: bool, folder: Path, damage: Sequence[str]) -> str:
    """All of it, sentence by sentence, without the last full stop; empty where nothing is wrong.

    Args:
        log: the label log, of which nothing can be written where `reads_only`.
        folder: the embedding table's.
        damage: what is wrong with it, `EmbeddingTable.damage`.
    """
    found = [_unwritten(log)] if reads_only else []
    if damage:
        found.append(_damaged(folder, damage))
    return ". ".join(found)


def _unwritten(log: Path) -> str:
    return (
        f"the label file {log} cannot be written: look at everything, but nothing that you answer is stored; to label, "
        "make it, what lies beside it and its folder writable and start again"
    )


def _damaged(folder: Path, damage: Sequence[str]) -> str:
    """Each shard that is left out costs rows; the first is named, `segclr-table verify` names all."""
    more = f", and {counted(len(damage) - 1, 'more shard')} of it" if len(damage) > 1 else ""
    return (
        f"{damage[0]}{more}: these points are missing here, and their labels are kept but train nothing; bring the "
        f"file back from a copy and start again, or move {folder} away to have it made anew (segclr-table verify says "
        "all that is wrong)"
    )
