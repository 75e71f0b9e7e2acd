"""What pages and session say to each other where pages know points and the session rows of the table."""

from collections.abc import Callable

import numpy as np

from segclr.errors import SegclrError
from segclr_viewer.ports import Page
from segclr_viewer.scatter import Scatter
from segclr_viewer.wire.answers import PointsReady, ToPage
from segclr_viewer.wire.points import AnyMessage, renumbered


def _noted(rows: list[int]) -> Callable[[int], int]:
    def note(row: int) -> int:
        rows.append(row)
        return row

    return note


class NumberedPage:
    """A `Page` that is told of points; a row that is none becomes one when it is spoken of.

    Args:
        grown: told when there are more points, before the message that speaks of them.
    """

    def __init__(self, page: Page, scatter: Scatter, grown: Callable[[], None]) -> None:
        self._page = page
        self._scatter = scatter
        self._grown = grown

    def send(self, message: ToPage) -> None:
        """Send a message to each of the pages."""
        self._page.send(self.numbered(message))

    def numbered(self, message: ToPage) -> ToPage:
        """The message in the numbers of points."""
        if isinstance(message, PointsReady) and self._scatter.may_grow:
            return message.of_points(message.rows if self._scatter.is_whole else len(self._scatter))
        if self._scatter.is_whole:
            return message
        rows: list[int] = []
        renumbered(message, _noted(rows))
        if rows and self._scatter.enter(np.array(rows, np.int64)):
            self._grown()
        number = dict(zip(rows, self._scatter.points(np.array(rows, np.int64)).tolist(), strict=True))
        return renumbered(message, number.__getitem__) if rows else message

    def asked(self, message: AnyMessage) -> AnyMessage:
        """A page's message in rows of the table.

        Raises:
            SegclrError: there is no such point.
        """
        return message if self._scatter.is_whole else renumbered(message, self._row)

    def _row(self, point: int) -> int:
        row = self._scatter.row(point)
        if row is None:
            raise SegclrError(f"there is no point {point}: reload the page")
        return row
