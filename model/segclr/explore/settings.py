"""What a layout is fitted with, and the stamp under which it is kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.errors import LayoutError
from segclr.explore.metric import Metric

MOST_SAMPLED = 200_000  # as many as a new point is compared with in a few milliseconds
_FORMAT = 1  # of what is fitted: another number where the code comes to make other layouts of the same settings


@dataclass(frozen=True, slots=True)
class LayoutSettings:
    """Parameters of a UMAP (McInnes, Healy and Melville 2018).

    Attributes:
        neighbours: rows that a row is tied to: few show detail, many the whole.
        min_distance: how densely points may lie, in units in which a cluster is a few wide.
        metric: what is near in the embedding.
        sample_rows: at most so many rows are fitted; all others are placed among them.
        supervised: whether rows of the same label are drawn together.
        seed: of the sample and of the fit.
    """

    neighbours: int = 15
    min_distance: float = 0.1
    metric: Metric = "euclidean"
    sample_rows: int = 100_000
    supervised: bool = False
    seed: int = 0

    def check(self) -> None:
        """Refuse settings that no layout can be fitted with.

        Raises:
            LayoutError: says which, and what is allowed.
        """
        if not 2 <= self.neighbours <= 200:
            raise LayoutError(f"{self.neighbours} neighbours: a layout takes 2 to 200")
        if not 0 <= self.min_distance <= 1:  # NaN is refused, too
            raise LayoutError(f"a least distance of {self.min_distance:g}: a layout takes 0 to 1")
        if self.metric not in ("euclidean", "cosine"):
            raise LayoutError(f"the metric {self.metric!r}: choose euclidean or cosine")
        if not self.neighbours < self.sample_rows <= MOST_SAMPLED:
            raise LayoutError(
                f"a sample of {self.sample_rows} rows: a layout takes more than its {self.neighbours} neighbours "
                f"and at most {MOST_SAMPLED:,}"
            )
        if not 0 <= self.seed < 2**32:
            raise LayoutError(f"the seed {self.seed}: choose one from 0 to {2**32 - 1}")


def stamp(settings: LayoutSettings, source: str, labels: NDArray[np.integer] | None = None) -> str:
    """16 hex digits of all that a layout follows from, the choice of its sample excepted.

    Predicted classes, which only guide that choice, are left out: they change with every label, the layout need not.

    Args:
        settings: of the fit.
        source: names the embeddings, as a table's version and the radius they are averaged over.
        labels: (n,) the label of each row, -1 for none; counts only where the fit is supervised by it.
    """
    content = json.dumps([_FORMAT, source, asdict(settings)], sort_keys=True).encode()
    if settings.supervised and labels is not None:
        content += np.ascontiguousarray(labels, "<i8").tobytes()
    return hashlib.sha256(content).hexdigest()[:16]
