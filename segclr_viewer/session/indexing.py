"""Has the indexes of a large table's neighbours built while nobody waits for anything."""

from collections.abc import Callable
from functools import partial

from segclr.errors import SegclrError, TableError
from segclr.explore.faiss_index import faiss_installed
from segclr.explore.neighbours import EXACT_ROWS
from segclr_viewer.ports import Indexer, Later
from segclr_viewer.session.searches import Searches, TaskSearch

_LOOKS_S = 3.0
_TOLD_SHARE = 0.1


class Indexing:
    """Builds one index after the other, of the tasks that somebody looks at.

    Args:
        rows: of the table.
        in_use: the names of the tasks that somebody looks at.
        is_at_rest: whether nothing is being predicted or laid out.
        say: tells everybody a sentence.
    """

    def __init__(
        self,
        indexer: Indexer,
        searches: Searches,
        rows: int,
        in_use: Callable[[], set[str]],
        is_at_rest: Callable[[], bool],
        later: Later,
        say: Callable[[str], None],
    ) -> None:
        self._indexer = indexer
        self._searches = searches
        self._rows = rows
        self._in_use = in_use
        self._is_at_rest = is_at_rest
        self._later = later
        self._say = say
        self._given_up: set[float] = set()  # radii
        self._rested = False

    def begin(self) -> None:
        """Take the indexes that are kept on the disk, and build those that are not there when the app is at rest."""
        if self._rows <= EXACT_ROWS or not faiss_installed():
            return
        for search in self._searches.of_task.values():
            search.find_index()
        self._look_later()

    def _look_later(self) -> None:
        if self._missing(set(self._searches.of_task)):
            self._later(_LOOKS_S, self._look)

    def _look(self) -> None:
        """Build what is missing if the app is at rest, and was when it was looked at before."""
        rested, self._rested = self._rested, self._is_at_rest()
        missing = self._missing(self._in_use())
        if not (rested and self._rested and missing):
            self._look_later()
            return
        radius_um = missing[0].radius_um
        self._say(f"building an index of {self._rows:,} points, so that what is alike is found at once")
        self._indexer.build(
            radius_um, partial(self._done, radius_um), partial(self._failed, radius_um), partial(self._tell, radius_um)
        )

    def _missing(self, tasks: set[str]) -> list[TaskSearch]:
        """The searches of some tasks that have no index and may get one."""
        searches = [search for name, search in self._searches.of_task.items() if name in tasks]
        return [search for search in searches if search.takes_long and search.radius_um not in self._given_up]

    def _alike(self, radius_um: float) -> list[TaskSearch]:
        return [search for search in self._searches.of_task.values() if search.radius_um == radius_um]

    def _tell(self, radius_um: float, share: float) -> None:
        before = max(search.share for search in self._alike(radius_um))
        for search in self._alike(radius_um):
            search.share = share
        if int(share / _TOLD_SHARE) > int(before / _TOLD_SHARE):
            self._say(f"index of {self._rows:,} points: {share:.0%}")

    def _done(self, radius_um: float) -> None:
        for search in self._alike(radius_um):
            search.find_index()
        if any(search.takes_long for search in self._alike(radius_um)):
            self._failed(radius_um, TableError("the table has grown, or the file cannot be read"))
            return
        self._over(radius_um)
        self._say(f"index of {self._rows:,} points: done, what is alike is found at once")

    def _failed(self, radius_um: float, error: SegclrError) -> None:
        self._over(radius_um)
        self._say(f"there is no index of what is alike ({error}): all points are compared for each question")

    def _over(self, radius_um: float) -> None:
        self._given_up.add(radius_um)  # a table that grows is compared row by row until the next run
        for search in self._alike(radius_um):
            search.share = 0.0
        self._look_later()
