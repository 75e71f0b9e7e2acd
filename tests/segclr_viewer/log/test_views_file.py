"""Views and selections in files: kept whole, found again, and never taken from what is not ours."""

import os
import time
from pathlib import Path

import pytest

from segclr.errors import LabelStoreError
from segclr_viewer.log.views_file import UNUSED_DAYS, KeptSelection, KeptView, ViewsFile

VIEW = KeptView("the spiny end", '{"v":1}', "ada", "2026-11-03T09:15:04Z")
SELECTION = KeptSelection("table 1", "segments", bytes([5, 0, 0, 128]), (2**53 + 1, 2**63 + 5))


@pytest.fixture
def file(tmp_path: Path) -> ViewsFile:
    return ViewsFile(tmp_path / "labels.sqlite")


def test_there_are_no_views_before_the_first(file: ViewsFile) -> None:
    assert file.views() == []


def test_views_come_back_in_the_order_that_they_were_written_in(file: ViewsFile, tmp_path: Path) -> None:
    other = KeptView("µ map", "{}", "ben", "2026-11-03T08:00:00Z")
    file.write([VIEW, other])
    assert ViewsFile(tmp_path / "labels.sqlite").views() == [VIEW, other]


def test_a_selection_comes_back_with_segments_beyond_javascripts_numbers(file: ViewsFile) -> None:
    name = file.keep(SELECTION)
    assert file.selection(name) == SELECTION
    assert file.keep(SELECTION) == name, "named by its content"


@pytest.mark.parametrize("name", ["../labels", "0" * 24, "", "*"])
def test_a_name_of_no_kept_selection_is_refused_in_a_sentence(file: ViewsFile, name: str) -> None:
    file.keep(SELECTION)
    with pytest.raises(LabelStoreError, match="not kept here any more"):
        file.selection(name)


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"version": 9, "views": []}', '{"version": 1, "views": [3]}'])
def test_a_file_that_holds_no_views_is_named_and_left_alone(file: ViewsFile, tmp_path: Path, content: str) -> None:
    path = tmp_path / "labels.sqlite.views.json"
    path.write_text(content)
    with pytest.raises(LabelStoreError, match="holds no views"):
        file.views()
    assert path.read_text() == content


@pytest.mark.parametrize("content", ["", "{}", "null", '{"version": 1, "origin": "lasso", "bits": "??"}'])
def test_a_damaged_selection_is_said_in_a_sentence(file: ViewsFile, tmp_path: Path, content: str) -> None:
    name = file.keep(SELECTION)
    (tmp_path / "labels.sqlite.selections" / f"{name}.json").write_text(content)
    with pytest.raises(LabelStoreError, match="holds no selection"):
        file.selection(name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said_and_the_old_views_stay(file: ViewsFile, tmp_path: Path) -> None:
    file.write([VIEW])
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(LabelStoreError, match="cannot be"):
            file.write([])
        with pytest.raises(LabelStoreError, match="cannot be"):
            file.keep(SELECTION)
    finally:
        tmp_path.chmod(0o700)
    assert file.views() == [VIEW]


LATER = (UNUSED_DAYS + 1) * 86_400


def test_a_selection_that_no_view_names_goes_when_it_was_not_used_for_long(file: ViewsFile) -> None:
    name = file.keep(SELECTION)
    assert file.delete_unused(time.time() + LATER - 2 * 86_400) == 0, "it was used within the time"
    assert file.selection(name) == SELECTION
    assert file.delete_unused(time.time() + LATER) == 1
    with pytest.raises(LabelStoreError, match="not kept here any more"):
        file.selection(name)


def test_a_selection_that_a_view_names_stays_however_old(file: ViewsFile) -> None:
    name = file.keep(SELECTION)
    file.write([KeptView("old", f'{{"selection":"{name}"}}', "ada", "2020-01-01T00:00:00Z")])
    assert file.delete_unused(time.time() + LATER) == 0
    assert file.selection(name) == SELECTION


@pytest.mark.parametrize("use", ["kept again", "brought back"])
def test_a_link_that_is_followed_keeps_its_selection(file: ViewsFile, tmp_path: Path, use: str) -> None:
    name = file.keep(SELECTION)
    path = tmp_path / "labels.sqlite.selections" / f"{name}.json"
    os.utime(path, (1, 1))
    if use == "kept again":
        file.keep(SELECTION)
    else:
        file.selection(name)
    assert file.delete_unused(time.time()) == 0
    assert path.exists()


def test_no_selection_is_deleted_where_the_views_cannot_be_read(file: ViewsFile, tmp_path: Path) -> None:
    name = file.keep(SELECTION)
    (tmp_path / "labels.sqlite.views.json").write_text("?")
    with pytest.raises(LabelStoreError, match="holds no views"):
        file.delete_unused(time.time() + LATER)
    assert file.selection(name) == SELECTION
