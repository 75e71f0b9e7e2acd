"""Masks of rows that pages fetch as columns: named by their content, the newest ones kept."""

import hashlib
from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray

KEPT = 32


class Masks:
    """A mask that is not there any more is of a selection that nobody sees any more."""

    def __init__(self) -> None:
        self._named: OrderedDict[str, bytes] = OrderedDict()

    def put(self, bits: NDArray[np.uint8]) -> str:
        """Keep a mask; returns its name."""
        body = bits.tobytes()
        name = hashlib.blake2b(body, digest_size=12).hexdigest()
        self._named[name] = body
        self._named.move_to_end(name)
        if len(self._named) > KEPT:
            self._named.popitem(last=False)
        return name

    def named(self, name: str) -> bytes | None:
        """The bits of a mask; None if it is not there. May be called on any thread."""
        return self._named.get(name)
