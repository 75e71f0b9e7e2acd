"""Decoded chunks, least recently used out first, bounded in bytes, shared by threads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from threading import Lock

from segclr.em.chunk import Chunk
from segclr.em.geometry import Box

Key = tuple[int, Box]


class ChunkCache:
    """Keeps (mip, box) -> chunk. A chunk that two threads want at once is loaded once."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self._chunks: OrderedDict[Key, Chunk] = OrderedDict()
        self._bytes = 0
        self._loading: dict[Key, Future[Chunk]] = {}
        self._lock = Lock()

    @property
    def bytes_held(self) -> int:
        return self._bytes

    def get(self, keys: Sequence[Key], load: Callable[[Sequence[Key]], Sequence[Chunk]]) -> list[Chunk]:
        """Return the chunks of `keys`; `load` is called once, outside the lock, with those that nobody has or loads."""
        found: dict[Key, Chunk] = {}
        awaited: dict[Key, Future[Chunk]] = {}
        mine: dict[Key, Future[Chunk]] = {}
        with self._lock:
            for key in keys:
                if key in self._chunks:
                    self._chunks.move_to_end(key)
                    found[key] = self._chunks[key]
                elif key in self._loading:
                    awaited[key] = self._loading[key]
                else:
                    mine[key] = self._loading[key] = Future()
        if mine:
            found.update(self._load(mine, load))
        found.update((key, future.result()) for key, future in awaited.items())
        return [found[key] for key in keys]

    def _load(
        self, wanted: dict[Key, Future[Chunk]], load: Callable[[Sequence[Key]], Sequence[Chunk]]
    ) -> dict[Key, Chunk]:
        try:
            loaded = dict(zip(wanted, load(tuple(wanted)), strict=True))
        except BaseException as error:
            with self._lock:
                for key in wanted:
                    del self._loading[key]
            for future in wanted.values():
                future.set_exception(error)
            raise
        with self._lock:
            for key, chunk in loaded.items():
                del self._loading[key]
                self._chunks[key] = chunk
                self._bytes += chunk.nbytes
            while self._bytes > self.limit_bytes:
                _, oldest = self._chunks.popitem(last=False)
                self._bytes -= oldest.nbytes
        for key, future in wanted.items():
            future.set_result(loaded[key])
        return loaded
