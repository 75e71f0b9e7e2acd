"""What a page may carry away: the selected rows with all that is known of them."""

import numpy as np

from segclr_viewer.exchange.selection import SelectedRows
from segclr_viewer.session.app_state import AppState


def selected_rows(state: AppState, mask: str) -> SelectedRows | None:
    """The rows of a mask as they are now; None if it is not there any more. Labels of others that are kept are not."""
    bits = state.workspace.masks.named(mask)
    if bits is None:
        return None
    table, task, layout = state.world.table, state.active, state.layout
    labelled, kept = task.labelled(), task.hidden_rows(state.world.annotator)
    labels = {row: given for row, given in labelled.rows.items() if row not in kept}
    if task.task.unit == "segment":
        labels = {
            each: given
            for row, given in labels.items()
            for each in range(*table.rows_of(task.segment_of_row(row)).indices(len(table)))
        }
    return SelectedRows(
        table=table,
        rows=np.flatnonzero(np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")).astype(np.int64),
        layout=layout.id,
        xy=layout.xy,
        task=task.task.name,
        class_names=tuple(spec.name for spec in task.task.classes),
        points=None if task.predicted is None else task.predicted.fitted.points,
        labels=labels,
    )
