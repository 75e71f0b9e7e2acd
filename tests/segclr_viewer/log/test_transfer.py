"""The log as text and back: nothing lost on the way, nothing taken in from a damaged file."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segclr.errors import LabelStoreError
from segclr_viewer.log.events import LabelEvent, SavedPlace
from segclr_viewer.log.store import LabelStore
from segclr_viewer.log.transfer import Imported, export_log, import_log
from tests.segclr_viewer.log.logs import BIG, other, random_log, statement

PLACE = SavedPlace((1.5, 1 / 3, 3.0), "v1", BIG, "9f86", np.array([0.1, -2.0, 3e-9, np.nan], np.float32))
EVENTS = random_log(5)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write(tmp_path / "labels.sqlite")


@pytest.fixture
def exported(log: Path, tmp_path: Path) -> Path:
    export_log(log, tmp_path / "labels.jsonl")
    return tmp_path / "labels.jsonl"


def write(path: Path) -> Path:
    with closing(LabelStore.open(path)) as store:
        store.append(EVENTS, [PLACE])
    return path


def read(path: Path) -> list[LabelEvent]:
    with closing(LabelStore.open(path, reader=True)) as store:
        return store.events()


def test_what_is_exported_and_imported_is_the_same_log(log: Path, tmp_path: Path) -> None:
    assert export_log(log, tmp_path / "out.jsonl") == len(EVENTS)
    done = import_log(tmp_path / "out.jsonl", tmp_path / "copy.sqlite")
    assert done == Imported(events=len(EVENTS), places=1, known_events=0, known_places=0)
    assert read(tmp_path / "copy.sqlite") == read(log) == EVENTS
    with closing(LabelStore.open(tmp_path / "copy.sqlite")) as store:
        (place,) = store.places()
    assert place.embedding.tobytes() == PLACE.embedding.tobytes()
    assert (place.position_nm, place.segment_id) == (PLACE.position_nm, BIG)
    export_log(tmp_path / "copy.sqlite", tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "out.jsonl").read_bytes()


def test_ids_are_decimal_texts(exported: Path) -> None:
    head, place, *events = map(json.loads, exported.read_text().splitlines())
    assert head == {"format": "segclr-viewer label log", "version": 2, "events": len(EVENTS), "places": 1}
    assert place["place"]["segment_id"] == str(BIG)
    assert {event["segment_id"] for event in events} >= {str(BIG), str(2**53 + 1)}


def test_an_import_into_a_log_that_has_some_of_it_adds_the_rest(exported: Path, tmp_path: Path) -> None:
    with closing(LabelStore.open(tmp_path / "half.sqlite")) as store:
        store.append([statement("own"), EVENTS[1]], [PLACE])
    done = import_log(exported, tmp_path / "half.sqlite")
    assert done == Imported(events=len(EVENTS) - 1, places=0, known_events=1, known_places=1)
    uuids = [event.uuid for event in read(tmp_path / "half.sqlite")]
    assert uuids == ["own", EVENTS[1].uuid, *(event.uuid for event in EVENTS if event != EVENTS[1])]
    again = import_log(exported, tmp_path / "half.sqlite")
    assert again == Imported(events=0, places=0, known_events=len(EVENTS), known_places=1)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"annotator"', '"annotater"', "'annotater' is no field of an event"),
        ('"kind": "label"', '"kind": "rename"', "no kind of event 'rename'"),
        (f'"segment_id": "{BIG}"', f'"segment_id": {BIG}', "is no segment id"),
        (f'"segment_id": "{BIG}"', f'"segment_id": "{2**64}"', "is no segment id"),
        ("20.5", "NaN", "is no place"),
        ("20.5", '"20.5"', "no list of three numbers"),
        ('"class_name": "axon"', '"class_name": 5', "class_name is no text"),
        ("}", "", "line 3"),
    ],
)
def test_a_damaged_line_is_told_by_its_number_and_nothing_is_stored(
    tmp_path: Path, old: str, new: str, sentence: str
) -> None:
    with closing(LabelStore.open(tmp_path / "small.sqlite")) as store:
        store.append([statement("1"), statement("2", x_nm=5.0)])
    export_log(tmp_path / "small.sqlite", tmp_path / "small.jsonl")
    lines = (tmp_path / "small.jsonl").read_text().splitlines()
    assert old in lines[2]
    lines[2] = lines[2].replace(old, new)
    (tmp_path / "bad.jsonl").write_text("\n".join(lines))
    with pytest.raises(LabelStoreError, match=r"line 3 of .*bad\.jsonl is damaged") as error:
        import_log(tmp_path / "bad.jsonl", tmp_path / "new.sqlite")
    assert sentence in str(error.value)
    assert not (tmp_path / "new.sqlite").exists()


@pytest.mark.parametrize("embedding", ["", "AAA", "AAAA", "äöü"])
def test_a_damaged_place_is_told(exported: Path, tmp_path: Path, embedding: str) -> None:
    lines = exported.read_text().splitlines()
    entry = json.loads(lines[1])
    entry["place"]["embedding"] = embedding
    if not embedding:
        del entry["place"]["encoder_hash"]
    exported.write_text("\n".join([lines[0], json.dumps(entry), *lines[2:]]))
    with pytest.raises(LabelStoreError, match="line 2 of"):
        import_log(exported, tmp_path / "new.sqlite")


def test_a_file_that_was_cut_off_is_refused(exported: Path, tmp_path: Path) -> None:
    exported.write_text("\n".join(exported.read_text().splitlines()[:-1]))
    with pytest.raises(LabelStoreError, match="is cut off or was added to"):
        import_log(exported, tmp_path / "new.sqlite")
    assert not (tmp_path / "new.sqlite").exists()


@pytest.mark.parametrize("text", ["", "name,class\n", "5\n", '{"format": "segclr-viewer label log"}\n', "[[" * 50000])
def test_another_file_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.csv").write_text(text)
    with pytest.raises(LabelStoreError, match="is no exported label log"):
        import_log(tmp_path / "other.csv", tmp_path / "new.sqlite")


def test_a_file_of_the_first_version_is_read(exported: Path, tmp_path: Path) -> None:
    exported.write_text(exported.read_text().replace('"version": 2', '"version": 1', 1))
    import_log(exported, tmp_path / "new.sqlite")
    assert read(tmp_path / "new.sqlite") == EVENTS


def test_a_file_of_a_newer_app_is_refused(exported: Path, tmp_path: Path) -> None:
    exported.write_text(exported.read_text().replace('"version": 2', '"version": 3', 1))
    with pytest.raises(LabelStoreError, match="written by a newer segclr-viewer"):
        import_log(exported, tmp_path / "new.sqlite")


def test_no_file_and_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(LabelStoreError, match="is no text"):
        import_log(tmp_path / "picture.png", tmp_path / "new.sqlite")
    with pytest.raises(LabelStoreError, match="cannot be read"):
        import_log(tmp_path / "nowhere.jsonl", tmp_path / "new.sqlite")
    with pytest.raises(LabelStoreError, match="there is no label file"):
        export_log(tmp_path / "nowhere.sqlite", tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_an_export_never_replaces_a_file(log: Path, tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text("mine")
    with pytest.raises(LabelStoreError, match="is there already and is left as it is"):
        export_log(log, tmp_path / "out.jsonl")
    assert (tmp_path / "out.jsonl").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_an_import_while_an_app_has_the_log_open_is_refused(exported: Path, log: Path) -> None:
    with closing(LabelStore.open(log)) as store:
        with pytest.raises(LabelStoreError, match="is open in another segclr-viewer"):
            import_log(exported, log)
        assert export_log(log, exported.with_name("meanwhile.jsonl")) == len(store.events())


def test_an_event_without_a_place_stays_without_one(tmp_path: Path) -> None:
    comment = other("c", "comment", text="café\n\u2028 odd")
    named = replace(statement("s"), supervoxel_id=2**64 - 1)
    with closing(LabelStore.open(tmp_path / "a.sqlite")) as store:
        store.append([comment, named])
    export_log(tmp_path / "a.sqlite", tmp_path / "a.jsonl")
    import_log(tmp_path / "a.jsonl", tmp_path / "b.sqlite")
    first, second = read(tmp_path / "b.sqlite")
    assert (first.position_nm, first.text, second.supervoxel_id) == (None, comment.text, 2**64 - 1)
