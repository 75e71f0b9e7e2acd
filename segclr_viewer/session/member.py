"""What the workspace asks of the session of each annotator."""

from typing import Protocol

from segclr.errors import SegclrError
from segclr_viewer.heads.task_state import Predicted, TaskState
from segclr_viewer.points import Points


class Member(Protocol):
    """A session, as the workspace sees it."""

    @property
    def annotator(self) -> str:
        """Whose it is."""

    @property
    def is_open(self) -> bool:
        """Whether the annotator has a page open."""

    @property
    def active(self) -> TaskState:
        """The task that it shows."""

    def paint(self, points: Points) -> None:
        """Show the active task's new predictions in the viewer."""

    def tell_predictions(self, predicted: Predicted) -> None:
        """Announce them to the pages."""

    def tell_labels(self) -> None:
        """Tell the pages the active task's labels."""

    def tell_classes(self, task: TaskState) -> None:
        """Tell pages and viewer that a task has other classes."""

    def tell_status(self, text: str) -> None:
        """Tell the pages a sentence."""

    def tell_agreement(self, task: TaskState) -> None:
        """Tell the pages how far the annotators agree on a task, which has changed."""

    def tell_rows(self) -> None:
        """Tell the pages that there are more points, and show them."""

    def tell_release(self) -> None:
        """Tell the pages what is being fetched of a published release."""

    def tell_layout(self) -> None:
        """Show the newest layout."""

    def tell_layouts(self) -> None:
        """Tell the pages which layouts are kept, and which one is shown."""

    def tell_fitting(self) -> None:
        """Tell the pages how far the fit of a layout is."""

    def tell_views(self) -> None:
        """Tell the pages which views are kept."""

    def tell_device(self) -> None:
        """Tell the pages where the encoder runs."""

    def fail(self, error: SegclrError) -> None:
        """Tell a failure that answers no request."""
