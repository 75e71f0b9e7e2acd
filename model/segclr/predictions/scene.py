"""A scene of Neuroglancer with predictions as two layers: points in the colours of their classes, and segments."""

from __future__ import annotations

from collections.abc import Sequence

from segclr.predictions.annotation_layout import CLASS, SEGMENT
from segclr.predictions.stored import PredictionOrigin

_SHADER = """#uicontrol float confident slider(min=0, max=1, default=0)
#uicontrol float size slider(min=1, max=20, default=5)
void main() {
  if (prop_confidence() < confident) discard;
  setColor(prop_color());
  setPointMarkerSize(size);
  setPointMarkerBorderWidth(0.0);
}
"""


def scene_of(
    origin: PredictionOrigin, url: str, segmentation: str | None, middle_nm: Sequence[float], width_nm: float
) -> dict[str, object]:
    """Return the state of a viewer, as JSON can have it.

    Args:
        url: of the folder with the layers `segments` and `points`.
        segmentation: of the layer of segments; None for that of the table, if others can read it from there.
        middle_nm, width_nm: what is looked at; x, y, z.
    """
    sources: list[object] = [f"precomputed://{url}/segments"]
    found = segmentation or origin.segmentation_url
    if segmentation or any(f"{kind}://" in found for kind in ("http", "https", "gs", "s3")):
        sources.insert(0, found if "://" in found and not found.startswith("http") else f"precomputed://{found}")
    legend = ", ".join(f"{name} {color}" for name, color in zip(origin.head.classes, origin.head.colors, strict=True))
    return {
        "dimensions": {axis: [1e-9, "m"] for axis in "xyz"},
        "position": list(middle_nm),
        "crossSectionScale": max(1.0, width_nm / 1000),
        "projectionScale": 1.3 * width_nm,
        "layers": [
            {"type": "segmentation", "name": "segments", "source": sources, "selectedAlpha": 0.2},
            {
                "type": "annotation",
                "name": origin.head.task,
                "source": f"precomputed://{url}/points",
                "shader": f"// {CLASS}: {legend}\n" + _SHADER,
                "linkedSegmentationLayer": {SEGMENT: "segments"},
                "tab": "rendering",  # where the sliders are
            },
        ],
        "selectedLayer": {"layer": origin.head.task, "visible": True},
        "showSlices": False,
        "layout": "xy-3d",
    }
