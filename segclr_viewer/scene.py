"""What the viewer opens with: layers, colours and camera, as Neuroglancer's JSON state. No library here.

Layers, and who changes them later (the page, never Python):
- "em": the image; absent for projects that have none.
- "classes": the overlay's codes, one colour per class; low confidence is greyed by changing colours.
- "cells": the segmentation with its true ids, invisible but for selected segments; it is what the mouse picks.
- "surfaces": meshes of the selected segments, one part per class.
- "marks": points of a selection.
- "ahead": surfaces that will be shown next; never visible itself, but what it has fetched is there for "surfaces".
"""

from collections.abc import Sequence
from dataclasses import dataclass

from segclr.em.geometry import XYZ
from segclr_viewer.keys import USUAL_KEYS, Keys
from segclr_viewer.overlay.overlay import CONFIDENCE_BINS, code
from segclr_viewer.overlay.surfaces import part_of
from segclr_viewer.project import Task

NO_CLASS_COLOR = "#808080"

_PANEL_PIXELS = 320  # width of one panel on a small screen
_FIELD_NM = 7000.0  # shown across it at first: some neurites, not yet the whole block
_DEPTH_NM = 40_000.0  # and at most this in 3-D

_MARKS_SHADER = """
void main() {
  setColor(prop_color());
  setPointMarkerSize(10.0);
  setPointMarkerBorderWidth(1.5);
  setPointMarkerBorderColor(vec4(0.0, 0.0, 0.0, 0.9));
}
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to show.

    Attributes:
        title: of the browser's tab.
        resolution_nm: the segmentation's finest voxel: the unit of positions in the viewer.
        bounds_nm: corners of the volume.
        grey_range: greys of the EM shown as black and white; None where there is no EM.
        tasks: the first is active at first.
        start: index in the table, and id, of the segments that are selected at first.
        keys: which keys do what, beside those of the classes.
    """

    title: str
    resolution_nm: XYZ
    bounds_nm: tuple[XYZ, XYZ]
    grey_range: tuple[int, int] | None
    tasks: Sequence[Task]
    start: Sequence[tuple[int, int]]
    keys: Keys = USUAL_KEYS


def initial_state(scene: Scene, origin: str) -> dict[str, object]:
    """The state that the viewer opens with.

    Args:
        origin: where page and viewer are opened; sources must name it, since relative ones are not possible.
    """
    space = {axis: [r / 1e9, "m"] for axis, r in zip("xyz", scene.resolution_nm, strict=True)}
    low, high = scene.bounds_nm
    extents_nm = [b - a for a, b in zip(low, high, strict=True)]
    # in the middle of a voxel: on the border between two, float32 may fall to either side
    middle = [int((a + b) / 2 / r) + 0.5 for a, b, r in zip(low, high, scene.resolution_nm, strict=True)]
    return {
        "title": scene.title,
        "dimensions": space,
        "position": middle,
        # voxels of x per pixel, and per panel
        "crossSectionScale": min(_FIELD_NM, *extents_nm) / _PANEL_PIXELS / scene.resolution_nm[0],
        "projectionScale": min(1.3 * max(extents_nm), _DEPTH_NM) / scene.resolution_nm[0],
        "layers": _layers(scene, origin, space),
        "layout": "4panel-alt",
        "showSlices": False,
        "showAxisLines": False,
        "showDefaultAnnotations": False,
        "crossSectionBackgroundColor": "#000000",
        "projectionBackgroundColor": "#0e1116",
    }


def _layers(scene: Scene, origin: str, space: dict[str, list[object]]) -> list[dict[str, object]]:
    classes = scene.tasks[0].classes
    layers: list[dict[str, object]] = []
    if scene.grey_range is not None:
        layers.append(
            {
                "type": "image",
                "name": "em",
                "source": f"precomputed://{origin}/volumes/em",
                "shaderControls": {"normalized": {"range": list(scene.grey_range)}},
            }
        )
    # codes of all tasks, so that a switch of the task need not select others
    last_code = code(max(len(task.classes) for task in scene.tasks) - 1, CONFIDENCE_BINS - 1)
    colors = {code(c, b): spec.color for c, spec in enumerate(classes) for b in range(CONFIDENCE_BINS)}
    layers.append(
        {
            "type": "segmentation",
            "name": "classes",
            "source": f"precomputed://{origin}/overlay/active",
            "segments": [str(n) for n in range(1, last_code + 1)],
            "segmentColors": {str(n): color for n, color in colors.items()},
            "selectedAlpha": 0.8 if scene.grey_range is None else 0.3,
            "hoverHighlight": False,
            "pick": False,  # else a double click on a cell would switch off its class, too
        }
    )
    layers.append(
        {
            "type": "segmentation",
            "name": "cells",
            "source": f"precomputed://{origin}/volumes/segmentation",
            "segments": [str(segment_id) for _, segment_id in scene.start],
            "segmentDefaultColor": "#ffffff",
            "selectedAlpha": 0.2,
            "ignoreNullVisibleSet": False,  # nothing selected, nothing shown
        }
    )
    parts = {part_of(index, c): spec.color for index, _ in scene.start for c, spec in enumerate(classes)}
    parts |= {part_of(index, None): NO_CLASS_COLOR for index, _ in scene.start}
    layers.append(
        {
            "type": "segmentation",
            "name": "surfaces",
            "source": f"precomputed://{origin}/surfaces",
            "segments": [str(part) for part in sorted(parts)],
            "segmentColors": {str(part): color for part, color in sorted(parts.items())},
            "ignoreNullVisibleSet": False,
        }
    )
    layers.append(
        {
            "type": "annotation",
            "name": "marks",
            "source": {"url": "local://annotations", "transform": {"outputDimensions": space}},
            "annotationProperties": [{"id": "color", "type": "rgb", "default": "#ffffff"}],
            "annotations": [],
            "shader": _MARKS_SHADER,
        }
    )
    layers.append(
        {
            "type": "segmentation",
            "name": "ahead",
            "source": f"precomputed://{origin}/surfaces",
            "segments": [],
            "ignoreNullVisibleSet": False,
            "visible": False,
        }
    )
    return layers
