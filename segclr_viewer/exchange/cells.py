"""Text in CSV cells. A cell that a spreadsheet would take for a formula gets an apostrophe before it."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """The text as it is written into a cell; `unguarded` gives exactly it back."""
    return "'" + text if text.lstrip("'").startswith(_FORMULA_STARTS) else text


def unguarded(cell: str) -> str:
    """The text that a cell was written for."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA_STARTS) else cell
