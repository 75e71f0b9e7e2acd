"""What an annotator's viewer and pages show of the active task: its predictions, and its labels."""

from segclr_viewer.heads.task_state import Predicted
from segclr_viewer.session.app_state import AppState
from segclr_viewer.session.clicking import Clicking
from segclr_viewer.session.out_of_use import counts_out_of_use
from segclr_viewer.session.progress import progress
from segclr_viewer.wire.answers import Labels


class Painting:
    """Shows them."""

    def __init__(self, state: AppState, clicking: Clicking) -> None:
        self._state = state
        self._clicking = clicking

    def refresh(self) -> None:
        """Show the active task's predictions, now if they follow from its newest label, else when they do."""
        task = self._state.active
        predicted = task.current_prediction()
        if predicted is None:
            self._state.workspace.refresh(task)
        else:
            self._state.ports.view.repaint(predicted.fitted.points)
            self.announce(predicted)

    def announce(self, predicted: Predicted) -> None:
        """Tell the pages of new predictions, which the viewer has."""
        send = self._state.ports.page.send
        send(predicted.message)
        send(self._clicking.known())
        self._clicking.show_newest(send)

    def labels(self) -> Labels:
        """The current labels of the active task, as far as the annotator may know them."""
        task, annotator = self._state.active, self._state.world.annotator
        labelled = task.labelled()
        rows = labelled.rows
        if hidden := task.hidden_rows(annotator):
            rows = {row: given for row, given in rows.items() if row not in hidden}
        place_ids = {place.position_nm: place.place_id for place in self._state.places}
        known = {place_ids[at]: given for at, given in labelled.places.items() if at in place_ids}
        marked = task.marked(annotator)
        own = [event for event in task.own(annotator) if event.kind == "label"]
        done = progress(own, annotator, self._state.now())
        return Labels(
            task=task.task.name,
            rows=list(rows),
            classes=list(rows.values()),
            places=list(known),
            place_classes=list(known.values()),
            unsure=marked.unsure,
            bad_segmentation=marked.bad_segmentation,
            retired=counts_out_of_use(task),
            today=done.today,
            per_minute=done.per_minute,
            conflicts=len(task.history.conflicts()),
        )
