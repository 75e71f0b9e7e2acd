"""How positions and label events are said to the user."""

from segclr.em.geometry import XYZ
from segclr_viewer.log.events import PLACED, LabelEvent, Unit

BRINGING_BACK = "bring back"  # provenance of a class added that is a retired one again


def position_text(position_nm: XYZ) -> str:
    """`(4112, 9936, 2260) nm`."""
    return "(" + ", ".join(f"{value:.0f}" for value in position_nm) + ") nm"


def statement_text(event: LabelEvent) -> str:
    """What an event says or does, without where: `spine`, `taking back the label`, `renaming axon to bouton`."""
    name, new_name = event.class_name or "", event.new_name or ""
    said = {
        "label": name,
        "unlabel": "taking back the label",
        "unsure": "unsure",
        "bad_segmentation": "bad segmentation",
        "class_added": f"{'bringing back' if event.provenance == BRINGING_BACK else 'adding'} the class {name}",
        "skip": "skipping",
        "class_renamed": f"renaming {name} to {new_name}",
        "class_merged": f"merging {name} into {new_name}",
        "class_retired": f"retiring {name}",
        "class_recoloured": f"recolouring {name}",
        "class_rekeyed": f"giving {name} the key {event.key}",
        "comment": "a comment",
        "review": "disagreeing with a label" if event.verdict == "disagree" else "agreeing with a label",
        "import": f"importing {event.file_name}",
    }
    return said.get(event.kind, event.kind)


def action_text(events: list[LabelEvent], unit: Unit, answer: LabelEvent | None = None) -> str:
    """One action of the user: `spine at (4112, 9936, 2260) nm`, `37 labels`; empty for no action.

    `answer` is what an action that takes back an answer takes back, where that is known.
    """
    if not events:
        return ""
    placed = [event for event in events if event.kind in PLACED]
    if len(placed) > 1:
        return f"{len(placed):,} labels"
    event = (placed or events)[0]
    said = statement_text(event)
    if event.kind == "unlabel" and answer is not None and answer.kind != "label":
        said = f"taking back {statement_text(answer)}"
    if event.position_nm is None or event.kind not in PLACED:
        return said
    where = f"on cell {event.segment_id}" if unit == "segment" else f"at {position_text(event.position_nm)}"
    return f"{said} {where}"
