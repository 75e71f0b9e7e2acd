"""What a page may carry away: the selected rows with all that is known of them."""

import numpy as np
from numpy.typing import NDArray

from segclr.explore.layout import Layout
from segclr_viewer.exchange.selection import SelectedRows
from segclr_viewer.scatter import Scatter
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
    rows = np.flatnonzero(np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")).astype(np.int64)
    return SelectedRows(
        table=table,
        rows=rows,
        layout=layout.id,
        xy=_xy_of(state.workspace.scatter, layout, rows),
        task=task.task.name,
        class_names=tuple(spec.name for spec in task.task.classes),
        points=None if task.predicted is None else task.predicted.fitted.points,
        labels=labels,
    )


def _xy_of(scatter: Scatter, layout: Layout, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """(k, 2) where the rows lie in the layout, NaN for those that are no points of it."""
    if scatter.is_whole:
        return layout.xy[rows]
    points = scatter.points(rows)
    return np.where((points >= 0)[:, None], layout.xy[np.maximum(points, 0)], np.float32(np.nan))
