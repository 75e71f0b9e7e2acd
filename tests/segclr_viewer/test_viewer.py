"""The viewer's clicks and keys, with hand-made actions as its client would send them."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from segclr.em.geometry import XYZ
from segclr.errors import ProjectError
from segclr_viewer.overlay.nearest import NearestNodes
from segclr_viewer.overlay.overlay import Overlay, RowMaps, code
from segclr_viewer.overlay.surfaces import Surfaces, part_of
from segclr_viewer.points import Points
from segclr_viewer.project import ClassSpec, Task
from segclr_viewer.scene import Scene
from segclr_viewer.viewer import Neuroglancer, NeuroglancerView
from segclr_viewer.wire.labelling import Mark

BIG = 2**63 + 5
NODES = Task(name="n", unit="node", classes=(ClassSpec("axon", "#3b82f6", "1"), ClassSpec("spine", "#f59e0b", "q")))
CELLS = Task(
    name="c",
    unit="segment",
    classes=(ClassSpec("a", "#000001", "q"), ClassSpec("b", "#000002", "2"), ClassSpec("c", "#000003", "3")),
)
TABLE = SimpleNamespace(
    segment_ids=np.array([7, BIG], np.uint64), first_row=np.array([0, 1, 2]), positions_nm=np.zeros((2, 3))
)
BOUNDS_NM: tuple[XYZ, XYZ] = ((0.0, 0.0, 0.0), (800.0, 1000.0, 990.0))


class Told:
    """Writes down what the viewer tells."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def click(self, position_nm: XYZ, segment_id: int | None) -> None:
        self.calls.append(("click", position_nm, segment_id))

    def label_at(self, class_id: str | None, position_nm: XYZ | None, segment_id: int | None) -> None:
        self.calls.append(("label", class_id, position_nm, segment_id))

    def mark_at(self, kind: Mark, position_nm: XYZ | None, segment_id: int | None) -> None:
        self.calls.append(("mark", kind, position_nm, segment_id))

    def undo(self) -> None:
        self.calls.append(("undo",))

    def redo(self) -> None:
        raise ZeroDivisionError("a bug")


@pytest.fixture(scope="module")
def running() -> Iterator[Neuroglancer]:
    running = Neuroglancer("127.0.0.1", 0)
    yield running
    running.stop()


@pytest.fixture
def overlay() -> Overlay:
    return Overlay(RowMaps(None, NearestNodes(TABLE)))  # type: ignore[arg-type]  # no chunk is asked for


@pytest.fixture
def view(running: Neuroglancer, overlay: Overlay) -> NeuroglancerView:
    surfaces = Surfaces(None, BOUNDS_NM, NearestNodes(TABLE))  # type: ignore[arg-type]  # nothing is meshed
    scene = Scene("t", (8.0, 10.0, 33.0), BOUNDS_NM, None, (NODES, CELLS), [(1, BIG)])
    return NeuroglancerView(running, f"http://127.0.0.1:{running.port}", scene, overlay, surfaces)


@pytest.fixture
def told(view: NeuroglancerView) -> Told:
    told = Told()
    view.listen(told)
    return told


def act(view: NeuroglancerView, name: str, mouse: list[float] | None, **values: object) -> None:
    """Do what the client does for an action: the voxel under the mouse, and the value of each layer there."""
    state: dict[str, object] = {"selectedValues": {layer: {"value": value} for layer, value in values.items()}}
    if mouse is not None:
        state["mousePosition"] = mouse
    view._viewer.actions.invoke(name, state)


def bindings(view: NeuroglancerView) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = view._viewer.config_state.raw_state["inputEventBindings"]
    return found


def heard(view: NeuroglancerView) -> dict[str, str]:
    """The keys that do something."""
    return {name: action for name, action in bindings(view)["viewer"].items() if action != "nothing"}


def test_a_click_gives_nm_and_the_exact_segment(view: NeuroglancerView, told: Told) -> None:
    act(view, "embed", [10.25, 20.5, 3.5], em=133, classes="17", cells=str(BIG), surfaces=None)
    assert told.calls == [("click", (82.0, 205.0, 115.5), BIG)]


def test_segments_with_names_or_merged_ids_are_understood(view: NeuroglancerView, told: Told) -> None:
    act(view, "embed", [1.5, 1.5, 1.5], cells={"key": str(BIG), "label": "a cell"})
    act(view, "embed", [1.5, 1.5, 1.5], cells={"key": str(BIG), "value": "7"})
    assert [call[2] for call in told.calls] == [BIG, 7]


def test_background_and_what_is_not_loaded_are_left_to_the_session(view: NeuroglancerView, told: Told) -> None:
    act(view, "embed", [1.5, 1.5, 1.5], cells="0")
    act(view, "embed", [1.5, 1.5, 1.5], cells=None)
    act(view, "embed", [1.5, 1.5, 1.5])
    assert [call[2] for call in told.calls] == [None] * 3


def test_on_a_surface_the_segment_is_the_surface_s(view: NeuroglancerView, told: Told) -> None:
    act(view, "embed", [1.5, 1.5, 1.5], cells="7", surfaces=str(part_of(1, 0)))
    act(view, "embed", [1.5, 1.5, 1.5], cells="7", surfaces=str(part_of(0, None)))
    assert [call[2] for call in told.calls] == [BIG, 7]


def test_a_click_beside_the_volume_is_said_and_not_passed_on(view: NeuroglancerView, told: Told) -> None:
    act(view, "embed", None)
    assert told.calls == []
    assert "nothing under the mouse" in view._viewer.config_state.raw_state["statusMessages"]["segclr"]


def test_keys_label_undo_and_take_back(view: NeuroglancerView, told: Told) -> None:
    view.set_class_keys({"1": "project/a", "q": "project/b"})
    act(view, "label-1", [1.5, 1.5, 1.5], cells="7")
    act(view, "label-none", [1.5, 1.5, 1.5], cells="7")
    act(view, "label-0", None)
    act(view, "undo", None)
    place = (12.0, 15.0, 49.5)
    assert told.calls == [
        ("label", "project/b", place, 7),
        ("label", None, place, 7),
        ("label", "project/a", None, None),
        ("undo",),
    ]


def test_keys_answer_unsure_and_bad_segmentation_for_what_is_under_the_mouse(
    view: NeuroglancerView, told: Told
) -> None:
    act(view, "unsure", [1.5, 1.5, 1.5], cells="7")
    act(view, "bad-segmentation", None)
    assert told.calls == [("mark", "unsure", (12.0, 15.0, 49.5), 7), ("mark", "bad_segmentation", None, None)]


def test_a_fault_is_logged_and_said(view: NeuroglancerView, told: Told, caplog: pytest.LogCaptureFixture) -> None:
    act(view, "redo", None)
    assert "ZeroDivisionError: a bug" in caplog.text
    assert "terminal" in view._viewer.config_state.raw_state["statusMessages"]["segclr"]


def test_the_keys_follow_the_classes_and_an_action_means_one_class_for_ever(
    view: NeuroglancerView, overlay: Overlay, told: Told
) -> None:
    everywhere = {
        "keyx": "label-none",
        "keyu": "unsure",
        "keyb": "bad-segmentation",
        "control+keyz": "undo",
        "meta+keyz": "undo",
        "control+shift+keyz": "redo",
        "meta+shift+keyz": "redo",
        "control+keyy": "redo",
        "meta+keyy": "redo",
    }
    assert bindings(view)["dataView"] == {"alt+click0": "embed", "shift+mousedown0": "embed"}
    assert heard(view) == everywhere
    view.set_class_keys({"1": "project/a", "q": "project/b"})
    assert heard(view) == everywhere | {"digit1": "label-0", "keyq": "label-1"}
    view.set_class_keys({"q": "project/b", "2": "added", "3": "project/c"})
    assert heard(view) == everywhere | {"keyq": "label-1", "digit2": "label-2", "digit3": "label-3"}
    assert {"label-0", "label-3"} <= set(view._viewer.config_state.raw_state["actions"])
    act(view, "label-0", None)  # by a client that has not heard of the change yet
    assert told.calls == [("label", "project/a", None, None)]


def test_predictions_paint(view: NeuroglancerView, overlay: Overlay) -> None:
    points = Points("s", "c", np.array([2, 255], np.uint8), np.array([255, 0], np.uint8), (), (), "")
    view.repaint(points)
    assert overlay.paint.codes.tolist() == [0, code(2, 7), 0]


def test_digits_that_label_nothing_switch_no_layer_off(view: NeuroglancerView) -> None:
    silenced = {name for name, action in bindings(view)["viewer"].items() if action == "nothing"}
    assert {f"digit{n}" for n in range(2, 10)} | {"keyn", "keyh"} <= silenced
    assert "nothing" not in view._viewer.config_state.raw_state["actions"]


def test_what_is_said_replaces_what_was_said(view: NeuroglancerView) -> None:
    for text in ("one", "two"):
        view.say(text)
        assert view._viewer.config_state.raw_state["statusMessages"] == {"segclr": text}
    view.say("")
    view.say("")
    assert not view._viewer.config_state.raw_state.get("statusMessages")


def test_a_sentence_disappears_unless_another_has_taken_its_place(view: NeuroglancerView) -> None:
    view.say("one")
    view.say("two")
    view._unsay("one")
    assert view._viewer.config_state.raw_state["statusMessages"] == {"segclr": "two"}
    view._unsay("two")
    assert not view._viewer.config_state.raw_state.get("statusMessages")


def test_nothing_but_the_start_is_ever_written_into_the_shared_state(view: NeuroglancerView, told: Told) -> None:
    before = view._viewer.shared_state.state_generation
    view.say("hello")
    view.repaint(Points("s", "c", np.array([2, 255], np.uint8), np.array([255, 0], np.uint8), (), (), ""))
    act(view, "embed", [1.5, 1.5, 1.5], cells="7")
    assert view._viewer.shared_state.state_generation == before


def test_the_viewer_hands_out_no_credentials_and_no_local_volumes(view: NeuroglancerView) -> None:
    assert view._viewer.allow_credentials is False
    assert "python://" not in str(view._viewer.shared_state.raw_state)
    assert view.path == f"/v/{view._viewer.token}/"


def test_controls_that_lead_out_of_the_app_are_hidden(view: NeuroglancerView) -> None:
    config = view._viewer.config_state.raw_state
    for name in ("showHelpButton", "showSettingsButton", "showEditStateButton", "showScreenshotButton"):
        assert config[name] is False


def test_a_second_server_in_the_process_is_refused(running: Neuroglancer) -> None:
    with pytest.raises(RuntimeError, match="already"):
        Neuroglancer("127.0.0.1", 0)


def test_a_port_in_use_is_one_sentence(running: Neuroglancer) -> None:
    running.stop()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ProjectError, match=rf"cannot listen on 127\.0\.0\.1, port {port} .*server\.port"):
            Neuroglancer("127.0.0.1", port)
        other = Neuroglancer("127.0.0.1", 0, port)
        assert other.port not in (0, port)
        other.stop()
    again = Neuroglancer("127.0.0.1", 0, port)
    assert again.port == port, "the usual port is taken when it is free"
    again.stop()
    with pytest.raises(ProjectError, match=r"no\.such\.host\.invalid"):
        Neuroglancer("no.such.host.invalid", 0)
