"""Fitting a layout and placing rows in it, beside umap-learn's own fit and transform."""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.explore.data import Sample, scaled
from benchmarks.explore.faithfulness import distance_to_refit, faithfulness
from benchmarks.explore.timing import each, timed
from benchmarks.report import Row
from segclr.explore.placement import Placement
from segclr.explore.settings import LayoutSettings
from segclr.explore.umap import umap_coordinates

SETTINGS = LayoutSettings()


def fit(embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    """The app's fit of all rows."""
    return umap_coordinates(embeddings, SETTINGS, 2, None, lambda text, share: None)


def measure(rows: Sample, sizes: tuple[int, ...], quick: bool) -> list[Row]:
    """Fit, place, and judge.

    Args:
        rows: real ones; on these the faithfulness is judged, half of them left out of the fit.
        sizes: of the tables that are placed in bulk.
        quick: leave out the fit of 100,000 rows.
    """
    _, imported = timed(_import_umap)
    found = [Row("import umap-learn", imported.wall, "s", "", f"{imported.cpu:.1f} s of CPU; in a child of the app")]
    found += _faithfulness(rows)
    landmarks = scaled(rows, 10_000 if quick else 100_000, seed=1)
    if quick:
        xy = landmarks.embeddings[:, :2].astype(np.float64)
    else:
        xy, took = timed(partial(fit, landmarks.embeddings))
        found.append(Row(f"fit {len(landmarks):,} rows", took.wall, "s", "", f"{took.cpu:.0f} s of CPU, one thread"))
    placement = Placement(landmarks.embeddings, xy)
    asked = scaled(rows, 500, seed=2).embeddings
    calls = each([partial(placement.place, one) for one in asked])
    what = f"place a new point among {len(landmarks):,} rows"
    found.append(Row(what, float(np.median(calls.wall_ms)), "ms", "<= 5 ms", calls.note()))
    for size in sizes:
        table = scaled(rows, size, seed=3).embeddings
        _, took = timed(partial(placement.place_all, table))
        budget = "<= 60 s" if size == 1_000_000 else ""
        found.append(Row(f"place {size:,} rows", took.wall, "s", budget, f"{took.cpu:.0f} s of CPU"))
    return found


def _import_umap() -> None:
    import umap  # noqa: F401


def _faithfulness(rows: Sample) -> list[Row]:
    """Half of the rows fitted, the others placed: where do these lie?"""
    import umap

    order = np.random.default_rng(0).permutation(len(rows))
    fitted, left = np.sort(order[: len(rows) // 2]), np.sort(order[len(rows) // 2 :])
    embeddings = rows.embeddings
    fit(embeddings[fitted][:200])  # compiles
    refit, whole_took = timed(partial(fit, embeddings))
    half, took = timed(partial(fit, embeddings[fitted]))
    model = umap.UMAP(n_neighbors=SETTINGS.neighbours, min_dist=SETTINGS.min_distance, random_state=0, n_jobs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs_half, their_took = timed(lambda: np.asarray(model.fit_transform(embeddings[fitted])))
        _, first = timed(lambda: model.transform(embeddings[left[:1]]))
        warm = each([partial(model.transform, embeddings[row : row + 1]) for row in left[1:51]])
        theirs, their_bulk = timed(lambda: np.asarray(model.transform(embeddings[left])))
    placement = Placement(embeddings[fitted], half)
    (ours, _), our_bulk = timed(lambda: placement.place_all(embeddings[left]))
    in_theirs, _ = Placement(embeddings[fitted], theirs_half).place_all(embeddings[left])
    found = [
        Row(f"fit {len(rows):,} real rows", whole_took.wall, "s", "", f"{whole_took.cpu:.0f} s of CPU"),
        Row(f"fit {len(fitted):,} real rows", took.wall, "s", "", f"{took.cpu:.0f} s of CPU"),
        Row("- umap-learn as it comes", their_took.wall, "s", "", f"{their_took.cpu:.0f} s of CPU, compiling included"),
        Row("umap-learn's transform of one point, first", 1000 * first.wall, "ms", "", "compiles, or loads what was"),
        Row("- later", float(np.median(warm.wall_ms)), "ms", "", warm.note()),
        Row(f"place {len(left):,} rows", our_bulk.wall, "s", "", f"{our_bulk.cpu:.1f} s of CPU"),
        Row("- umap-learn's transform", their_bulk.wall, "s", "", f"{their_bulk.cpu:.1f} s of CPU"),
    ]
    for name, base, placed in (
        ("full refit", refit[fitted], refit[left]),
        ("placed", half, ours),
        ("placed in umap-learn's own fit", theirs_half, in_theirs),
        ("umap-learn's transform in it", theirs_half, theirs),
    ):
        xy = np.empty((len(rows), 2))
        xy[fitted], xy[left] = base, placed
        judged = faithfulness(embeddings, xy, left)
        away, floor = distance_to_refit(xy, refit, fitted, left)
        found += [
            Row(f"{name}: 15 nearest kept", 100 * judged.kept_15, "%", "", f"of 50: {100 * judged.kept_50:.1f} %"),
            Row("- trustworthiness", 100 * judged.trustworthiness, "%", "", "15 nearest"),
            Row("- from the refit's place", 100 * away, "% of extent", "", f"the fitted rows: {100 * floor:.2f}"),
        ]
    return found
