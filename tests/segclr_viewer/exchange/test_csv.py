"""Labels as CSV: out, in, and everything that is refused because it could mean two things."""

import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segclr_viewer.exchange.cells import guarded, unguarded
from segclr_viewer.exchange.csv_import import read_labels_csv
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.label_csv import write_labels_csv
from segclr_viewer.exchange.labels import ClassNames, CurrentLabel, ImportedFile

CLASSES = ClassNames("subcompartment", ("axon", "dendrite", "spine"))
ABOVE_53, ABOVE_63 = 864691135000000001, 2**63 + 5


def label(class_name: str = "axon", segment_id: int = ABOVE_63, task: str = "subcompartment") -> CurrentLabel:
    return CurrentLabel(
        task=task,
        class_name=class_name,
        segment_id=segment_id,
        position_nm=(1.1, 2e9 / 3, -40.5),
        segmentation="v117",
        annotator='Kim, "K"',
        provenance="key",
        at="2026-11-03T09:15:04.120+00:00",
        uuid="7d2c",
    )


def read(
    folder: Path,
    text: str | bytes,
    classes: ClassNames = CLASSES,
    resolution_nm: tuple[float, float, float] | None = None,
) -> ImportedFile:
    path = folder / "in.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_labels_csv(path, classes, resolution_nm)


def test_what_goes_out_comes_in_the_same(tmp_path: Path) -> None:
    labels = [label("axon", ABOVE_53), label("spine", ABOVE_63), label("dendrite", 2**64 - 1)]
    assert write_labels_csv(tmp_path / "labels.csv", labels) == 3
    back = read_labels_csv(tmp_path / "labels.csv", CLASSES)
    assert [(one.class_name, one.segment_id, one.position_nm, one.segmentation) for one in back.labels] == [
        (one.class_name, one.segment_id, one.position_nm, one.segmentation) for one in labels
    ]
    assert back.notes == ("the labels count as given by whoever imports them: only import-log keeps who gave them",)


def test_labels_of_other_tasks_are_passed_over_and_counted(tmp_path: Path) -> None:
    write_labels_csv(tmp_path / "labels.csv", [label(), label("astrocyte", task="cell type")])
    back = read_labels_csv(tmp_path / "labels.csv", CLASSES)
    assert (len(back.labels), back.of_other_tasks) == (1, 1)


def test_a_failed_export_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("old")

    def broken() -> list[CurrentLabel]:
        raise ExchangeError("no")

    with pytest.raises(ExchangeError):
        write_labels_csv(path, (one for one in (label(), *broken())))
    assert path.read_text() == "old"
    assert [found.name for found in tmp_path.iterdir()] == ["labels.csv"]


def test_a_folder_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"nowhere/labels\.csv cannot be written"):
        write_labels_csv(tmp_path / "nowhere" / "labels.csv", [label()])


@given(st.text(st.characters(exclude_categories=("Cs",))))
def test_a_guarded_cell_is_no_formula_and_gives_its_text_back(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_a_class_that_looks_like_a_formula_comes_back(tmp_path: Path) -> None:
    name = "=HYPERLINK(1)"
    write_labels_csv(tmp_path / "labels.csv", [label(name)])
    assert f'"{name}' not in (tmp_path / "labels.csv").read_text()
    assert f",{name}" not in (tmp_path / "labels.csv").read_text()
    back = read_labels_csv(tmp_path / "labels.csv", ClassNames("subcompartment", (name,)))
    assert back.labels[0].class_name == name


@pytest.mark.parametrize(
    "text",
    [
        b"class,segment_id\naxon,9223372036854775813\n",
        b"\xef\xbb\xbfclass,segment_id\r\naxon,9223372036854775813\r\n",
        b"Class; Segment_ID \n\n;;\naxon;9223372036854775813".replace(b";;\n", b";\n"),
        b'sep=;\r\n"class";"segment_id"\r\n"axon";"9223372036854775813"\r\n',
        b"segment_id\tclass\n9223372036854775813\taxon\n\n\n",
    ],
    ids=["plain", "BOM and CRLF", "semicolons and empty lines", "separator hint and quotes", "tabs"],
)
def test_the_dialects_of_spreadsheets_are_read(tmp_path: Path, text: bytes) -> None:
    (one,) = read(tmp_path, text).labels
    assert (one.class_name, one.segment_id, one.position_nm) == ("axon", ABOVE_63, None)


def test_a_separator_in_quotes_is_text(tmp_path: Path) -> None:
    (one,) = read(tmp_path, 'class,segment_id,segmentation\naxon,7,"v117, ""final"""\n').labels
    assert one.segmentation == 'v117, "final"'


def test_whole_voxels_stand_for_their_centre_and_others_for_a_coordinate(tmp_path: Path) -> None:
    text = "class,x_vox,y_vox,z_vox\naxon,10,20,30\nspine,10.25,20.0,30.5\n"
    first, second = read(tmp_path, text, resolution_nm=(4.0, 5.0, 40.0)).labels
    assert first.position_nm == (42.0, 102.5, 1220.0)
    assert second.position_nm == (41.0, 100.0, 1220.0)
    assert first.segment_id is None


def test_names_can_be_given_a_class_or_be_left_out(tmp_path: Path) -> None:
    classes = ClassNames("subcompartment", ("axon", "spine"), {"myelinated axon": "axon", "cilium": ""})
    found = read(tmp_path, "class,segment_id\nmyelinated axon,5\ncilium,6\nspine,7\n", classes).labels
    assert [(one.class_name, one.segment_id) for one in found] == [("axon", 5), ("spine", 7)]


def test_columns_that_mean_nothing_are_named(tmp_path: Path) -> None:
    assert read(tmp_path, "class,segment_id,size\naxon,5,77\n").notes == ("the column size is not used",)


REFUSED = [
    ("x without a unit", "class,x,y,z\naxon,1,2,3\n", r"line 1: the column 'x' does not say its unit: .*x_nm"),
    ("pos_x", "class,pos_x,pos_y,pos_z\naxon,1,2,3\n", r"line 1: the column 'pos_x' does not say its unit"),
    ("position beside an id", "class,segment_id,position\naxon,5,1 2 3\n", r"'position' does not say its unit"),
    ("voxels of no size", "class,x_vox,y_vox,z_vox\naxon,1,2,3\n", r"positions in voxels \(x_vox\).*--resolution-nm"),
    ("an unnamed id", "class,id\naxon,5\n", r"line 1: the column 'id' does not say what it numbers"),
    ("two axes", "class,x_nm,y_nm\naxon,1,2\n", r"line 1: there is x_nm, y_nm, but no z_nm"),
    ("two units", "class,x_nm,y_nm,z_nm,x_vox,y_vox,z_vox\naxon,1,2,3,1,2,3\n", r"positions are given twice"),
    ("two class columns", "class,tag,segment_id\naxon,axon,3\n", r"class and tag mean the same"),
    ("one column twice", "class,segment_id,segment_id\naxon,1,3\n", r"'segment_id' is there twice"),
    ("nowhere", "class,size\naxon,1\n", r"neither where nor for which segment"),
    ("no class column", "kind,segment_id\naxon,1\n", r"line 1: there is no column 'class' \(found: kind, segment_id\)"),
    ("scientific id", "class,segment_id\naxon,8.64e17\n", r"line 2, column segment_id: .* 8\.64e17 was written as a r"),
    ("scientific id, capital", "class,segment_id\naxon,8.64691135E+17\n", r"last digits are lost"),
    ("float id", "class,segment_id\naxon,123.0\n", r"line 2, column segment_id: .*123\.0 was written as a rounded"),
    ("decimal comma id", "class;segment_id\naxon;8,64E+17\n", r"8,64E\+17 was written as a rounded"),
    ("negative id", "class,segment_id\n\naxon,-5\n", r"line 3, column segment_id: -5 is no segment id: ids go from 1"),
    ("id of 65 bits", "class,segment_id\naxon,18446744073709551616\n", r"18446744073709551616 is no segment id"),
    ("background", "class,segment_id\naxon,0\n", r"line 2, column segment_id: the segment id is 0, the background"),
    ("text id", "class,segment_id\naxon,cell 5\n", r"'cell 5' is no segment id: write its digits alone"),
    ("a typo", "class,segment_id\naxno,5\n", r"line 2, column class: .* no class 'axno'; the nearest is 'axon'"),
    ("other capitals", "class,segment_id\nAxon,5\n", r"no class 'Axon'; the nearest is 'axon'"),
    ("no class", "class,segment_id\n,5\n", r"line 2, column class: there is no class"),
    ("decimal comma", "class;x_nm;y_nm;z_nm\naxon;1,5;2;3\n", r"line 2, column x_nm: '1,5' is no number: .*point"),
    ("no coordinate", "class,x_nm,y_nm,z_nm\naxon,1,,3\n", r"line 2, column y_nm: '' is no number"),
    ("nan", "class,x_nm,y_nm,z_nm\naxon,1,nan,3\n", r"column y_nm: 'nan' is no number"),
    ("infinite", "class,x_nm,y_nm,z_nm\naxon,1,1e999,3\n", r"column y_nm: '1e999' is no number"),
    ("python number", "class,x_nm,y_nm,z_nm\naxon,1,1_000,3\n", r"column y_nm: '1_000' is no number"),
    ("neither", "class,segment_id,x_nm,y_nm,z_nm\naxon,,,,\n", r"line 2: .* neither a position nor a segment id"),
    ("a cell too many", "class,segment_id\naxon,5,6\n", r"line 2: there are 3 cells, but the header has 2"),
    ("open quotes", 'class,segment_id\n"axon,5\n', r"line 2: the quotes or cells are garbled"),
    ("empty", "\n\n", r"in\.csv is empty"),
    (
        "contradiction",
        "class,segment_id\naxon,5\nspine,6\nspine,5\n",
        r"line 4 calls 'spine' what in\.csv line 2 calls",
    ),
]


@pytest.mark.parametrize(("text", "says"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_unclear_is_refused_with_its_place(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ExchangeError, match=says):
        read(tmp_path, text)


CELLS = st.one_of(
    st.sampled_from(["class", "axon", "segment_id", "x_nm", "y_nm", "z_nm", "7", "1e5", "-3.5", "", '"', "'", "sep=;"]),
    st.text(max_size=6),
)


@given(st.lists(st.lists(CELLS, max_size=6).map(",".join), max_size=6).map("\n".join))
def test_whatever_a_file_holds_is_read_or_refused(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "in.csv").write_text(text, encoding="utf-8", errors="surrogatepass")
        with suppress(ExchangeError):
            read_labels_csv(Path(folder) / "in.csv", CLASSES)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2).map(",".join), max_size=6))
def test_whatever_follows_a_header_is_read_or_refused(lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = "\n".join(["class,segment_id", *lines])
        (Path(folder) / "in.csv").write_text(text, encoding="utf-8", errors="surrogatepass")
        with suppress(ExchangeError):
            for one in read_labels_csv(Path(folder) / "in.csv", CLASSES).labels:
                assert one.class_name in CLASSES.known
                assert str(one.segment_id) in text


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    for text in ("class,segment_id\naxon,5\n".encode("utf-16"), b"class,segment_id,annotator\naxon,5,M\xfcller\n"):
        with pytest.raises(ExchangeError, match="is not UTF-8 text"):
            read(tmp_path, text)


def test_a_file_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match=r"no\.csv cannot be read"):
        read_labels_csv(tmp_path / "no.csv", CLASSES)
