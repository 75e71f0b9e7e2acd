"""The whole log as a text file of JSON lines, and back.

The first line says what the file is and how many events and places follow; then come the saved places and the events,
one a line, in the order of the log. A new kind of event needs a new version of the text, too: 2 has "skip" and
"class_rekeyed".
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from segclr.errors import LabelStoreError
from segclr.wording import counted
from segclr_viewer.log.events import NewEvent, SavedPlace
from segclr_viewer.log.lines import event_line, place_line, read_line
from segclr_viewer.log.new_file import new_file
from segclr_viewer.log.store import LabelStore

FORMAT = "segclr-viewer label log"
VERSION = 2


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import.

    Attributes:
        events, places: stored now.
        known_events, known_places: in the log before, and passed over.
    """

    events: int
    places: int
    known_events: int
    known_places: int


def export_log(log_path: Path, out_path: Path) -> int:
    """Write all of the log to a new text file, also while an app writes to the log.

    Returns:
        How many events were written.

    Raises:
        LabelStoreError: there is no such log, or the new file is there already or cannot be written.
    """
    with closing(LabelStore.open(log_path, reader=True)) as log:
        events = log.events()
        places = log.places()  # read last: the places of all the events are there
    head = {"format": FORMAT, "version": VERSION, "events": len(events), "places": len(places)}
    with new_file(out_path) as unfinished, unfinished.open("w", encoding="utf-8", newline="\n") as out:
        out.write(json.dumps(head) + "\n")
        out.writelines(place_line(place) + "\n" for place in places)
        out.writelines(event_line(event) + "\n" for event in events)
    return len(events)


def import_log(in_path: Path, log_path: Path) -> Imported:
    """Append what `export_log` wrote to a log, which is begun where there is none: all of it or nothing.

    Annotators, times and uuids stay as they are. What is in the log already is passed over.

    Raises:
        LabelStoreError: the file cannot be read or a line of it is damaged, whose number is told; or the log cannot be
            written, for example because an app has it open. Nothing was stored.
    """
    events, places = _read(in_path)
    with closing(LabelStore.open(log_path)) as log:
        before = (len(log.events()), len(log.places()))
        log.append(events, places)
        stored = (len(log.events()) - before[0], len(log.places()) - before[1])
    return Imported(stored[0], stored[1], len(events) - stored[0], len(places) - stored[1])


def _read(path: Path) -> tuple[list[NewEvent], list[SavedPlace]]:
    events: list[NewEvent] = []
    places: list[SavedPlace] = []
    try:
        with path.open(encoding="utf-8") as lines:
            head = _head(path, next(lines, ""))
            for entry in _entries(path, lines):
                if isinstance(entry, NewEvent):
                    events.append(entry)
                else:
                    places.append(entry)
    except OSError as error:
        if isinstance(error, LabelStoreError):
            raise
        raise LabelStoreError(f"{path} cannot be read ({error.strerror}): check the path") from error
    except UnicodeDecodeError as error:
        raise LabelStoreError(f"{path} is no text in UTF-8: is it an exported label log?") from error
    if (len(events), len(places)) != head:
        raise LabelStoreError(
            f"{path} is cut off or was added to: it says that it has {counted(head[0], 'event')} and "
            f"{counted(head[1], 'place')}, but has {len(events)} and {len(places)}; export it again"
        )
    return events, places


def _head(path: Path, line: str) -> tuple[int, int]:
    """How many events and places the file says that it has."""
    try:
        head = json.loads(line)
        ours, version, events, places = head["format"] == FORMAT, head["version"], head["events"], head["places"]
    except (ValueError, KeyError, TypeError, RecursionError):
        ours = False
    if not ours or type(events) is not int or type(places) is not int or type(version) is not int:
        raise LabelStoreError(f"{path} is no exported label log: its first line does not say so")
    if version > VERSION:
        raise LabelStoreError(f"{path} was written by a newer segclr-viewer: update this one")
    return events, places


def _entries(path: Path, lines: Iterator[str]) -> Iterator[NewEvent | SavedPlace]:
    for number, line in enumerate(lines, 2):
        try:
            yield read_line(line)
        except (ValueError, RecursionError) as error:
            raise LabelStoreError(
                f"line {number} of {path} is damaged ({error}): nothing was imported; export the log again"
            ) from error
