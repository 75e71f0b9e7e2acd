"""What the viewer opens with, to the last key."""

from dataclasses import replace

from segclr_viewer.project import ClassSpec, Task
from segclr_viewer.scene import Scene, initial_state

BIG = 2**63 + 5
NODES = Task(name="n", unit="node", classes=(ClassSpec("axon", "#3b82f6", "1"), ClassSpec("spine", "#f59e0b", "q")))
CELLS = Task(
    name="c",
    unit="segment",
    classes=(ClassSpec("a", "#000001", "1"), ClassSpec("b", "#000002", "2"), ClassSpec("c", "#000003", "3")),
)
SCENE = Scene(
    title="block 7",
    resolution_nm=(8.0, 10.0, 33.0),
    bounds_nm=((320.0, 240.0, 396.0), (1088.0, 1040.0, 2244.0)),
    grey_range=(20, 210),
    tasks=(NODES, CELLS),
    start=((3, BIG),),
)
ORIGIN = "http://127.0.0.1:8123"


def layers(scene: Scene) -> dict[str, dict[str, object]]:
    state = initial_state(scene, ORIGIN)
    assert isinstance(state["layers"], list)
    return {layer["name"]: layer for layer in state["layers"]}


def test_camera_and_chrome() -> None:
    state = initial_state(SCENE, ORIGIN)
    del state["layers"]
    assert state == {
        "title": "block 7",
        "dimensions": {"x": [8e-9, "m"], "y": [1e-8, "m"], "z": [3.3e-8, "m"]},
        "position": [88.5, 64.5, 40.5],
        "crossSectionScale": 768.0 / 320 / 8,
        "projectionScale": 1.3 * 1848.0 / 8,
        "layout": "4panel-alt",
        "showSlices": False,
        "showAxisLines": False,
        "showDefaultAnnotations": False,
        "crossSectionBackgroundColor": "#000000",
        "projectionBackgroundColor": "#0e1116",
    }


def test_image_and_segmentation_come_from_our_own_server() -> None:
    found = layers(SCENE)
    assert list(found) == ["em", "classes", "cells", "surfaces", "marks", "ahead"]
    assert found["em"] == {
        "type": "image",
        "name": "em",
        "source": "precomputed://http://127.0.0.1:8123/volumes/em",
        "shaderControls": {"normalized": {"range": [20, 210]}},
    }
    assert found["cells"] == {
        "type": "segmentation",
        "name": "cells",
        "source": "precomputed://http://127.0.0.1:8123/volumes/segmentation",
        "segments": ["9223372036854775813"],
        "segmentDefaultColor": "#ffffff",
        "selectedAlpha": 0.2,
        "ignoreNullVisibleSet": False,
    }


def test_classes_have_the_colours_of_the_first_task_and_codes_for_all() -> None:
    classes = layers(SCENE)["classes"]
    colors = {str(1 + c * 8 + b): color for c, color in enumerate(["#3b82f6", "#f59e0b"]) for b in range(8)}
    assert classes == {
        "type": "segmentation",
        "name": "classes",
        "source": "precomputed://http://127.0.0.1:8123/overlay/active",
        "segments": [str(n) for n in range(1, 25)],
        "segmentColors": colors,
        "selectedAlpha": 0.3,
        "hoverHighlight": False,
        "pick": False,
    }


def test_surfaces_of_the_first_segments_are_shown_in_parts() -> None:
    assert layers(SCENE)["surfaces"] == {
        "type": "segmentation",
        "name": "surfaces",
        "source": "precomputed://http://127.0.0.1:8123/surfaces",
        "segments": ["96", "97", "98"],
        "segmentColors": {"96": "#808080", "97": "#3b82f6", "98": "#f59e0b"},
        "ignoreNullVisibleSet": False,
    }


def test_what_is_fetched_ahead_shares_the_surfaces_and_is_not_drawn() -> None:
    found = layers(SCENE)
    assert found["ahead"]["source"] == found["surfaces"]["source"]
    assert (found["ahead"]["visible"], found["ahead"]["segments"]) == (False, [])
    assert list(found)[-1] == "ahead", "the viewer's style hides the last tab"


def test_without_em_there_is_no_image_and_classes_are_nearly_opaque() -> None:
    found = layers(replace(SCENE, grey_range=None))
    assert list(found) == ["classes", "cells", "surfaces", "marks", "ahead"]
    assert found["classes"]["selectedAlpha"] == 0.8


def test_a_large_volume_is_not_shown_whole() -> None:
    large = replace(SCENE, bounds_nm=((0.0, 0.0, 0.0), (1e6, 2e6, 5e5)))
    state = initial_state(large, ORIGIN)
    assert state["crossSectionScale"] == 7000 / 320 / 8
    assert state["projectionScale"] == 40_000 / 8
