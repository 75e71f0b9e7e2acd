"""How positions and label events are said to the user."""

from segclr.em.geometry import XYZ
from segclr_viewer.events import LabelEvent, Unit


def position_text(position_nm: XYZ) -> str:
    """`(4112, 9936, 2260) nm`."""
    return "(" + ", ".join(f"{value:.0f}" for value in position_nm) + ") nm"


def action_text(events: list[LabelEvent], unit: Unit) -> str:
    """One action of the user: `spine at (4112, 9936, 2260) nm`, `37 labels`; empty for no action."""
    if not events:
        return ""
    if len(events) > 1:
        return f"{len(events)} labels"
    event = events[0]
    what = event.class_name if event.kind == "label" else "taking back the label"
    where = f"on cell {event.segment_id}" if unit == "segment" else f"at {position_text(event.position_nm)}"
    return f"{what} {where}"
