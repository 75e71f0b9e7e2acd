"""What a volume needs from the library that reads its chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segclr.em.geometry import Box, IntXYZ, Mip


class Source(Protocol):
    """Reads boxes inside the bounds; several threads may call it at once."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """The type as stored."""

    @property
    def mips(self) -> tuple[Mip, ...]: ...

    @property
    def chunk_sizes(self) -> tuple[IntXYZ, ...]:
        """The boxes, per mip, that are read at one stroke; the first begins where the mip does."""

    def read(self, boxes: Sequence[Box], mip: int) -> list[NDArray[np.generic]]:
        """Return one (z, y, x) array per box.

        Raises:
            VolumeUnavailable: a chunk cannot be fetched or decoded.
        """
