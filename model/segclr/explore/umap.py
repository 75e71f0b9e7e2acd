"""UMAP of embeddings, by umap-learn. For a process of its own: the import alone compiles for seconds."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from segclr.errors import LayoutError
from segclr.explore.metric import comparable, from_squared
from segclr.explore.partition import make_partition
from segclr.explore.settings import LayoutSettings

_PROBES = 64  # centres looked through for the graph: all up to 25,000 rows, then about 0.997 of the true neighbours
_IMPORTED, _GRAPH = 0.05, 0.2  # shares of the work that are done after these steps

Progress = Callable[[str, float], None]


def umap_coordinates(
    embeddings: NDArray[np.floating],
    settings: LayoutSettings,
    dimensions: int,
    labels: NDArray[np.integer] | None,
    progress: Progress,
) -> NDArray[np.float64]:
    """Fit a UMAP (McInnes, Healy and Melville 2018) on all rows.

    It starts from the principal components, which keeps what is far apart in its place better than random starts and
    costs nothing (Kobak and Linderman 2021).

    Args:
        embeddings: (n, d), finite; not standardised, since new points are placed in the same space.
        settings: of the fit; the same seed gives the same picture on one machine.
        dimensions: 2 or 3.
        labels: (n,) the label of each row, -1 for none; counts only where the fit is supervised.
        progress: told what is being done, and the share that is done. What it raises ends the fit.

    Returns:
        (n, dimensions), in UMAP's own units; rows that are all the same lie in one place.

    Raises:
        LayoutError: there are no more rows than neighbours, or all labels are missing where they are to guide the fit.
    """
    settings.check()
    rows = comparable(embeddings, settings.metric)
    if len(rows) <= settings.neighbours:
        raise LayoutError(
            f"a UMAP of {len(rows)} rows needs more than {settings.neighbours} of them: choose fewer neighbours"
        )
    guided = settings.supervised and labels is not None and bool((labels >= 0).any())
    if settings.supervised and not guided:
        raise LayoutError("the layout is to follow the labels, but none of its rows has one: label some, or switch off")
    if not np.ptp(rows, axis=0).any():
        return np.zeros((len(rows), dimensions))
    progress("loading umap", 0.0)
    try:
        import umap
    except ImportError as error:
        raise LayoutError(f"umap-learn cannot be loaded ({error}): install it with 'pip install umap-learn'") from None

    progress("finding neighbours", _IMPORTED)
    neighbours, squared = make_partition(rows, settings.seed).nearest(rows, settings.neighbours, _PROBES)
    progress("fitting", _GRAPH)
    model = umap.UMAP(
        n_neighbors=settings.neighbours,
        min_dist=settings.min_distance,
        n_components=dimensions,
        metric=settings.metric,
        init="pca",
        precomputed_knn=(neighbours, from_squared(squared, settings.metric)),
        random_state=settings.seed,
        n_jobs=1,  # with a seed, umap-learn takes one thread anyway, but warns
        tqdm_kwds={
            "disable": False,
            "file": _Epochs(lambda share: progress("fitting", _GRAPH + (1 - _GRAPH) * share)),
            "bar_format": "{n_fmt}/{total_fmt}",
            "miniters": 1,
        },
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="precomputed_knn", category=UserWarning)  # its transform is not used
        found = model.fit_transform(rows, np.asarray(labels) if guided else None)
    progress("fitted", 1.0)
    return np.asarray(found, np.float64)


class _Epochs:
    """The file that umap-learn's progress bar is drawn on: its only way to tell how far it is."""

    def __init__(self, tell: Callable[[float], None]) -> None:
        self._tell = tell

    def write(self, text: str) -> int:
        """Take a bar like `120/200`."""
        found = re.search(r"(\d+)/(\d+)", text)
        if found and int(found[2]):
            self._tell(int(found[1]) / int(found[2]))
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""
