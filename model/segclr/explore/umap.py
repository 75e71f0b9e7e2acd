"""UMAP of a table's embeddings, by umap-learn. For a process of its own: the import alone compiles for seconds."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from segclr.explore.layout import Layout, make_layout

NEIGHBOURS = 15
MIN_DISTANCE = 0.1


def umap_layout(embeddings: NDArray[np.floating], seed: int, progress: Callable[[str, float], None]) -> Layout:
    """Fit a UMAP (McInnes, Healy and Melville 2018) on all rows.

    Args:
        embeddings: (n, d), finite.
        seed: the same seed gives the same picture on one machine.
        progress: told what is being done, and the share that is done.

    Raises:
        ValueError: there are fewer rows than a neighbour graph needs.
    """
    if len(embeddings) <= NEIGHBOURS:
        raise ValueError(f"a UMAP of {len(embeddings)} rows: more than {NEIGHBOURS} are needed")
    progress("loading umap", 0.0)
    import umap

    progress("fitting", 0.3)
    # not standardised: `place` looks for neighbours in the same space
    model = umap.UMAP(
        n_neighbors=NEIGHBOURS, min_dist=MIN_DISTANCE, metric="euclidean", random_state=seed, n_jobs=1, low_memory=False
    )
    layout = make_layout("umap", model.fit_transform(np.asarray(embeddings, np.float32)))
    progress("done", 1.0)
    return layout
