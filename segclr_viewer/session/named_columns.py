"""Columns of bytes that pages fetch by name, such as masks of rows: named by their content, the newest ones kept."""

import hashlib
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray


class NamedColumns:
    """A column that is not there any more is of something that nobody sees any more."""

    def __init__(self, kept: int) -> None:
        """Keep so many of the newest."""
        self._kept = kept
        self._named: OrderedDict[str, bytes] = OrderedDict()

    def put(self, values: NDArray[np.uint8]) -> str:
        """Keep a column; returns its name."""
        body = values.tobytes()
        name = hashlib.blake2b(body, digest_size=12).hexdigest()
        self._named[name] = body
        self._named.move_to_end(name)
        if len(self._named) > self._kept:
            self._named.popitem(last=False)
        return name

    def named(self, name: str) -> bytes | None:
        """The bytes of a column; None if it is not there. May be called on any thread."""
        return self._named.get(name)
