"""The table of a published release while it is looked at: segments that are fetched are added at its end."""

from dataclasses import fields

import numpy as np

from segclr.embeddings.table import EmbeddingTable


class GrowingTable(EmbeddingTable):
    """The one table that changes, and only so: segments come after all others, and no row gets another number.

    So its segment ids do not ascend. It grows on the session's thread; others may read it meanwhile, for every column
    is replaced whole by one that begins with it, and the index of segments last. Its version stays that of the table
    that it began as.
    """

    __slots__ = ("_places",)
    _places: dict[int, int]

    @classmethod
    def begin(cls, table: EmbeddingTable) -> "GrowingTable":
        """A table that has what another one has, and may grow; extra columns and boxes are not kept."""
        own = {each.name: getattr(table, each.name) for each in fields(table)}
        made = cls(**(own | {"extra": {}, "_piece_boxes": None}))
        made._note(0)
        return made

    def grow(self, more: EmbeddingTable) -> list[int]:
        """Add the segments of another table that are not here; returns their ids."""
        fresh = [int(segment_id) for segment_id in more.segment_ids if int(segment_id) not in self._places]
        if not fresh:
            return []
        slices = [more.rows_of(segment_id) for segment_id in fresh]
        rows = np.concatenate([np.arange(some.start, some.stop) for some in slices])
        starts = np.cumsum([some.stop - some.start for some in slices])
        joined = [
            more.edges_of(segment_id) - some.start + len(self) + start
            for segment_id, some, start in zip(fresh, slices, [0, *starts[:-1].tolist()], strict=True)
        ]
        before, count = len(self.segment_ids), len(self)
        columns = {
            "embeddings": np.concatenate([self.embeddings, more.embeddings[rows]]),
            "positions_nm": np.concatenate([self.positions_nm, more.positions_nm[rows]]),
            "edges": np.concatenate([self.edges, *joined]),
            "node_ids": np.concatenate([self.node_ids, more.node_ids[rows]]),
            "segment_ids": np.append(self.segment_ids, np.array(fresh, np.uint64)),
            "first_row": np.append(self.first_row, count + starts),
        }
        for name, values in columns.items():
            object.__setattr__(self, name, values)
        self._note(before)
        return fresh

    def rows_of(self, segment_id: int) -> slice:
        """Return the rows of a segment, an empty slice if it has none."""
        place = self._places.get(segment_id)
        return slice(0, 0) if place is None else slice(int(self.first_row[place]), int(self.first_row[place + 1]))

    def _note(self, first: int) -> None:
        """Note where the segments from the `first` on are."""
        places = {} if not first else self._places
        found = {int(segment_id): first + at for at, segment_id in enumerate(self.segment_ids[first:].tolist())}
        object.__setattr__(self, "_places", places | found)


def plain_copy(table: EmbeddingTable) -> EmbeddingTable | None:
    """What a growing table is now, for another process; None for a table that is on the disk as it is."""
    if not isinstance(table, GrowingTable):
        return None
    return EmbeddingTable(**{each.name: getattr(table, each.name) for each in fields(table)})
