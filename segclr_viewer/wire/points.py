"""Messages in which rows of the table are numbered otherwise: pages know points of the scatter by their own numbers."""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct, structs

AnyMessage = TypeVar("AnyMessage", bound=Struct)

_ONE = frozenset({"row", "node_row"})
_MANY = frozenset(
    {"rows", "mark_rows", "handful", "typical", "marginal", "unsure", "bad_segmentation", "held", "renew"}
)  # where they are lists of whole numbers: of some messages `rows` is a count, or `renew` holds uuids


def renumbered(message: AnyMessage, number: Callable[[int], int]) -> AnyMessage:
    """The message with another number for each row in it; the same one if there is none."""
    changed = {}
    for name in message.__struct_fields__:
        value = getattr(message, name)
        new = _renumbered(name, value, number)
        if new is not value:
            changed[name] = new
    return structs.replace(message, **changed) if changed else message


def _renumbered(name: str, value: object, number: Callable[[int], int]) -> object:
    if isinstance(value, Struct):
        return renumbered(value, number)
    if isinstance(value, int) and name in _ONE:
        return number(value)
    if isinstance(value, list | tuple) and value:
        if isinstance(value[0], Struct):
            return type(value)(_renumbered("", each, number) for each in value)
        if isinstance(value[0], int) and name in _MANY:
            return type(value)(map(number, value))
    return value
