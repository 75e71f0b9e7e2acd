"""The classes of a task, as the log's events change them."""

from segclr_viewer.log.classes import LEAST_CLASSES
from segclr_viewer.log.events import NewEvent
from segclr_viewer.log.fold import TaskHistory, fold
from segclr_viewer.project import MAX_CLASSES, ClassSpec
from tests.segclr_viewer.log.logs import TASK, in_log, other, statement

CLASSES = (ClassSpec("axon", "#3b82f6", "1"), ClassSpec("dendrite", "#ef4444", "2"), ClassSpec("spine", "#f59e0b", "3"))
ADD = {"class_name": "glia", "color": "#00aa00", "key": "4"}


def history(*events: NewEvent) -> TaskHistory:
    return fold(in_log(*events), TASK, "node", CLASSES)


def names(folded: TaskHistory) -> list[str]:
    return [spec.name for spec in folded.classes.specs]


def test_a_class_is_added_with_its_colour_and_key() -> None:
    folded = history(other("1", "class_added", **ADD))
    assert folded.classes.specs == (*CLASSES, ClassSpec("glia", "#00aa00", "4"))


def test_a_key_that_is_taken_gives_way_to_the_first_free_one() -> None:
    assert history(other("1", "class_added", **ADD | {"key": "2"})).classes.specs[-1].key == "4"
    assert history(other("1", "class_added", **ADD | {"key": "z"})).classes.specs[-1].key == "4"  # z undoes


def test_labels_follow_their_class_through_renaming_and_merging() -> None:
    folded = history(
        statement("1", class_name="axon"),
        other("2", "class_renamed", class_name="axon", new_name="neurite"),
        statement("3", class_name="axon", x_nm=5.0),  # given on a page that did not know of it yet
        statement("4", class_name="neurite", x_nm=6.0),
        other("5", "class_merged", class_name="neurite", new_name="dendrite"),
    )
    assert [folded.name_now(label) for label in folded.current().values()] == ["dendrite"] * 3
    assert names(folded) == ["dendrite", "spine"]
    assert folded.classes.names == dict.fromkeys(("axon", "neurite", "dendrite"), "dendrite") | {"spine": "spine"}


def test_what_was_merged_twice_belongs_to_the_last_heir() -> None:
    folded = history(
        statement("1", class_name="axon"),
        other("2", "class_added", **ADD),
        other("3", "class_merged", class_name="axon", new_name="spine"),
        other("4", "class_merged", class_name="spine", new_name="glia"),
    )
    assert [folded.name_now(label) for label in folded.current().values()] == ["glia"]
    assert folded.classes.names["axon"] == "glia"


def test_a_new_class_may_take_a_name_that_became_free_and_old_labels_stay_with_the_old_class() -> None:
    folded = history(
        statement("1", class_name="axon"),
        other("2", "class_renamed", class_name="axon", new_name="neurite"),
        other("3", "class_added", class_name="axon", color="#000000", key="9"),
        statement("4", class_name="axon", x_nm=5.0),
    )
    assert [folded.name_now(label) for label in folded.current().values()] == ["neurite", "axon"]


def test_labels_that_a_merge_makes_agree_are_no_conflict_any_more() -> None:
    log = (statement("1", class_name="axon"), statement("2", class_name="spine", annotator="ben"))
    assert len(history(*log).conflicts()) == 1
    merge = other("3", "class_merged", class_name="spine", new_name="axon")
    folded = history(*log, merge)
    assert folded.conflicts() == []
    assert len(folded.current()) == 1
    folded.apply(in_log(*log, merge, other("4", "undo", target="action 3"))[-1])
    assert len(folded.conflicts()) == 1


def test_a_retired_class_stays_known_and_comes_back_when_it_is_added_again() -> None:
    retired = (statement("1"), other("2", "class_retired", class_name="axon"))
    folded = history(*retired)
    assert names(folded) == ["dendrite", "spine"]
    assert [spec.name for spec in folded.classes.retired] == ["axon"]
    assert len(folded.current()) == 1
    again = history(*retired, other("3", "class_added", class_name="axon", color="#111111", key="1"))
    assert again.classes.specs[0] == ClassSpec("axon", "#111111", "1")
    assert [again.name_now(label) for label in again.current().values()] == ["axon"]


def test_a_class_is_recoloured_and_undo_brings_the_colour_back() -> None:
    log = (other("1", "class_recoloured", class_name="axon", color="#000001"),)
    assert history(*log).classes.specs[0].color == "#000001"
    assert history(*log, other("2", "undo", target="action 1")).classes.specs == CLASSES


def test_a_class_gets_another_key_and_one_that_is_taken_gives_way() -> None:
    log = (other("1", "class_rekeyed", class_name="axon", key="p"),)
    assert [spec.key for spec in history(*log).classes.specs] == ["p", "2", "3"]
    assert history(*log, other("2", "undo", target="action 1")).classes.specs == CLASSES
    assert history(*log, other("2", "class_rekeyed", class_name="spine", key="p")).classes.specs[2].key == "1"
    assert history(other("1", "class_rekeyed", class_name="axon", key="1")).classes.specs == CLASSES


def test_undoing_a_rename_that_others_built_on_keeps_the_rest() -> None:
    folded = history(
        other("1", "class_renamed", class_name="axon", new_name="neurite"),
        statement("2", class_name="neurite", annotator="ben"),
        other("3", "class_recoloured", annotator="ben", class_name="spine", color="#000001"),
        other("4", "undo", target="action 1"),
    )
    assert names(folded) == ["axon", "dendrite", "spine"]
    assert folded.classes.specs[2].color == "#000001"
    assert [folded.name_now(label) for label in folded.current().values()] == ["axon"]


def test_what_makes_no_sense_changes_nothing() -> None:
    nonsense = (
        other("1", "class_added", **ADD | {"class_name": "axon"}),
        other("2", "class_renamed", class_name="axon", new_name="spine"),
        other("3", "class_renamed", class_name="bouton", new_name="glia"),
        other("4", "class_merged", class_name="axon", new_name="bouton"),
        other("5", "class_retired", class_name="bouton"),
        other("6", "class_recoloured", class_name="bouton", color="#000000"),
    )
    assert history(*nonsense).classes.specs == CLASSES


def test_a_task_keeps_two_classes_and_never_has_too_many() -> None:
    retire = [other(name, "class_retired", class_name=name) for name in ("axon", "dendrite", "spine")]
    assert len(names(history(*retire))) == LEAST_CLASSES
    assert (
        len(names(history(other("m", "class_merged", class_name="axon", new_name="spine"), *retire))) == LEAST_CLASSES
    )
    add = [other(f"{at}", "class_added", **ADD | {"class_name": f"class {at}"}) for at in range(40)]
    folded = history(*add)
    assert len(names(folded)) == MAX_CLASSES
    assert len({spec.key for spec in folded.classes.specs}) == MAX_CLASSES
