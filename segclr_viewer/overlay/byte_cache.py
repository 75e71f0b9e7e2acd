"""A cache bounded in bytes, least recently used out first, shared by threads."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ByteCache(Generic[K, V]):
    """Keeps what is expensive to make. Two threads that miss the same key at once both make it; one result is kept."""

    def __init__(self, limit_bytes: int, size_of: Callable[[V], int]) -> None:
        self.limit_bytes = limit_bytes
        self._size_of = size_of
        self._values: OrderedDict[K, V] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    @property
    def bytes_held(self) -> int:
        return self._bytes

    def peek(self, key: K) -> V | None:
        """The value of `key` if it is kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of `key`; `make` is called outside the lock when nothing is kept for it."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            if key not in self._values:
                self._values[key] = value
                self._bytes += self._size_of(value)
                while self._bytes > self.limit_bytes and self._values:
                    _, oldest = self._values.popitem(last=False)
                    self._bytes -= self._size_of(oldest)
        return value
