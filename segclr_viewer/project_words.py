"""Mistakes in a project file in a user's words: from the validator's report to one sentence with the dotted key."""

import difflib
import re
from typing import get_args

import msgspec

_KINDS = {
    "str": "text in quotes",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "a section",
}


def explain(report: str, settings_type: type, settings: dict[str, object]) -> str:
    """Say what is wrong.

    Args:
        report: the text of a msgspec.ValidationError.
        settings_type: the struct that the file was read into.
        settings: what the file holds, to quote from it.
    """
    what, _, tail = report.rpartition(" - at `$") if " - at `$" in report else (report, "", "")
    steps = re.findall(r"\[(\d+)\]|\.([^.\[]+)", tail.rstrip("`"))
    path = [int(index) if index else name for index, name in steps]
    where = _dotted(path)
    if unknown := re.fullmatch(r"Object contains unknown field `(.*)`", what, re.DOTALL):
        return _unknown_key(unknown[1], where, _fields_at(settings_type, path))
    if missing := re.fullmatch(r"Object missing required field `(.*)`", what):
        return f"the key {_join(where, missing[1])} is missing: add it"
    value = _value_at(settings, path)
    if kind := re.match(r"Expected `(\w+)`", what):
        length = re.search(r"of length (\d+)", what)
        wanted = f"a list of {length[1]} numbers" if length else _KINDS.get(kind[1], kind[1])
        return f"{where} is {value!r}, but must be {wanted}"
    if what.startswith("Invalid enum value"):
        return f"{where} is {value!r}, but must be one of {', '.join(_choices_at(settings_type, path))}"
    return f"{where}: {what}" if where else what


def _unknown_key(key: str, where: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    advice = f"did you mean {close[0]}?" if close else f"known are {', '.join(known)}"
    return f"the key {_join(where, key)} is not known: {advice}"


def _join(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _dotted(path: list[int | str]) -> str:
    """`task 1.class 2.color` for ["task", 0, "class", 1, "color"]."""
    text = ""
    for step in path:
        text += f" {step + 1}" if isinstance(step, int) else f".{step}" if text else step
    return text


def _value_at(settings: object, path: list[int | str]) -> object:
    for step in path:
        settings = settings[step]  # type: ignore[index]  # the validator has just walked this path
    return settings


def _type_at(settings_type: type, path: list[int | str]) -> object:
    """The type of the value that a path leads to, with `| None` taken off."""
    here: object = settings_type
    for step in path:
        if isinstance(step, int):
            here = get_args(here)[0]
        else:
            fields = msgspec.structs.fields(here)  # type: ignore[arg-type]
            here = next(field.type for field in fields if field.encode_name == step)
        options = [option for option in get_args(here) if option is not type(None)]
        if type(None) in get_args(here) and len(options) == 1:
            here = options[0]
    return here


def _fields_at(settings_type: type, path: list[int | str]) -> list[str]:
    fields = msgspec.structs.fields(_type_at(settings_type, path))  # type: ignore[arg-type]
    return [field.encode_name for field in fields]


def _choices_at(settings_type: type, path: list[int | str]) -> list[str]:
    return [repr(choice) for choice in get_args(_type_at(settings_type, path))]
