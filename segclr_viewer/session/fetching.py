"""Segments of a published release, fetched when they are looked at; nothing else is downloaded."""

from collections.abc import Callable, Iterable

from segclr.embeddings.table import EmbeddingTable
from segclr.release.fetch import SUSPICIOUS_COUNT, Fetched, doubt
from segclr.wording import counted
from segclr_viewer.ports import Brought, ReleaseSource
from segclr_viewer.wire.answers import ReleaseState

MOST_WAITING = 200
MOST_IN_SIGHT = 48  # in a run; all that are selected come in any case
_AT_ONCE = 8  # given to the port; the others wait here


class Fetching:
    """What is wanted of a release, what is there, and what to tell of it.

    Args:
        has: whether a segment is in the table.
        came: takes a segment's rows in.
        tell: tells all pages.
    """

    def __init__(
        self,
        source: ReleaseSource,
        has: Callable[[int], bool],
        came: Callable[[EmbeddingTable], None],
        tell: Callable[[], None],
    ) -> None:
        self._source = source
        self._has = has
        self._came = came
        self._tell = tell
        self._waiting: dict[int, None] = {}
        self._under_way: set[int] = set()
        self._found: dict[int, None] = {}
        self._missing: dict[int, str] = {}
        self._failed: dict[int, str] = {}
        self._in_sight: set[int] = set()  # nobody has asked for them
        self._left_out = 0
        self._is_down = False

    def want(self, segment_ids: Iterable[int]) -> None:
        """Have these fetched, unless they are there, on their way, or known not to be in the release."""
        wanted = list(dict.fromkeys(each for each in segment_ids if each > 0))
        self._in_sight.difference_update(wanted)  # somebody asks for them now
        fresh = [each for each in wanted if not self._is_known(each)]
        self._tell()
        room = MOST_WAITING - len(self._waiting) - len(self._under_way)
        self._left_out = max(0, len(fresh) - room)
        self._waiting.update(dict.fromkeys(fresh[: max(0, room)]))
        if fresh:
            self._go_on()

    def want_in_sight(self, segment_ids: Iterable[int]) -> None:
        """Have these fetched, only so many in a run; nobody has asked for them, so what is not there is passed over."""
        fresh = [each for each in dict.fromkeys(segment_ids) if each not in self._in_sight and not self._is_known(each)]
        some = fresh[: max(0, MOST_IN_SIGHT - len(self._in_sight))]
        self._in_sight.update(some)
        self._waiting.update(dict.fromkeys(some))
        if some:
            self._go_on()

    def retry(self) -> None:
        """Try again what could not be fetched."""
        self._waiting.update(dict.fromkeys(self._failed))
        self._failed.clear()
        self._is_down = False
        self._go_on()

    def is_coming(self, segment_id: int) -> bool:
        """Whether a segment waits to be fetched, or is on its way."""
        return segment_id in self._waiting or segment_id in self._under_way

    def state(self) -> ReleaseState:
        """What a page shows of it."""
        return ReleaseState(
            text=self._text(),
            is_busy=bool(self._waiting or self._under_way),
            can_retry=bool(self._failed),
        )

    def _is_known(self, segment_id: int) -> bool:
        known = (self._waiting, self._under_way, self._missing, self._failed)
        return any(segment_id in one for one in known) or self._has(segment_id)

    def _go_on(self) -> None:
        some = list(self._waiting)[: max(0, _AT_ONCE - len(self._under_way))]
        for segment_id in some:
            del self._waiting[segment_id]
        self._under_way.update(some)
        self._tell()
        if some:
            self._source.fetch(some, self._brought)

    def _brought(self, brought: Brought) -> None:
        segment_id = brought.segment_id
        self._under_way.discard(segment_id)
        if brought.table is not None:
            self._found[segment_id] = None
            self._is_down = False
            self._came(brought.table)
        elif brought.is_missing:
            self._missing[segment_id] = brought.problem
        else:
            self._failed[segment_id] = brought.problem
            self._is_down = brought.is_network_down
            if brought.is_network_down:  # the others would only wait for it in vain, one after the other
                self._failed |= dict.fromkeys(self._waiting, brought.problem)
                self._waiting.clear()
        self._go_on()

    def _text(self) -> str:
        """One sentence for each thing that there is to say, the most urgent first."""
        name, said = self._source.release.name, []
        coming = len(self._waiting) + len(self._under_way)
        if coming:
            said.append(f"fetching {counted(coming, 'segment')} of {name}")
        if self._left_out:
            said.append(f"{counted(self._left_out, 'segment')} more are shown than are fetched at once: select fewer")
        if self._failed:
            count, problem = counted(len(self._failed), "segment"), next(iter(self._failed.values()))
            what = "cannot be reached" if self._is_down else "gave no answer that can be used"
            said.append(f"the release {name} {what}, so that {count} could not be fetched ({problem})")
        missing = [each for each in self._missing if each not in self._in_sight]
        found = tuple(each for each in self._found if each not in self._in_sight)
        doubted = None
        if len(missing) >= SUSPICIOUS_COUNT:  # the first alone tell nothing: others come one after the other
            doubted = doubt(self._source.release, Fetched(found, tuple(missing), ()))
        if doubted:
            said.append(doubted)
        elif missing:
            said.append(self._missing[missing[-1]])
        return "; ".join(said)
