"""A UMAP of a table: sampled, fitted, turned towards the earlier one, all other rows placed; and its file."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.errors import TableError
from segclr.explore.layout import Layout, make_layout, named_layout
from segclr.explore.placement import Placement
from segclr.explore.procrustes import procrustes, shared_rows
from segclr.explore.sampling import stratified_sample
from segclr.explore.settings import LayoutSettings
from segclr.explore.umap import Progress, umap_coordinates

_FITTED = 0.85  # share of the work that is done when the sample is laid out
_PLACED_AT_ONCE = 131_072


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """What is laid out.

    Attributes:
        segments, nodes: (n,) uint64 and int64, by which rows are known in another version of the table.
        embeddings: (n, d) float32, those of the table or their means over a radius.
        classes: (n,) the predicted class of each, for the choice of the sample; None if there is no head.
        labels: (n,) the label of each, -1 for none, for supervised layouts; None if there are none.
    """

    segments: NDArray[np.uint64]
    nodes: NDArray[np.int64]
    embeddings: NDArray[np.float32]
    classes: NDArray[np.integer] | None = None
    labels: NDArray[np.integer] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """What a layout was fitted to.

    Attributes:
        table: the version of the table; empty where nobody has noted it.
        radius_um: within which the embeddings were averaged; 0 for the embeddings themselves.
        labels_of: the task whose labels have guided it; empty for none.
    """

    table: str = ""
    radius_um: float = 0.0
    labels_of: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FittedLayout:
    """A layout and all that it was made of.

    Attributes:
        layout: of all rows; its `landmarks` were fitted, all others placed among them.
        settings: of the fit.
        stamp: under which it is kept, see `settings.stamp`.
        segments, nodes: (m,) of the landmarks.
        spread: (n,) float32, how far from its place a placed row's neighbours lie on the average, in the layout's
            units; 0 for landmarks, infinite for rows that are not finite.
        xyz: (n, 3) float32 within [-1, 1], for export; None if only two dimensions were fitted.
        source: what was laid out.
    """

    layout: Layout
    settings: LayoutSettings
    stamp: str
    segments: NDArray[np.uint64]
    nodes: NDArray[np.int64]
    spread: NDArray[np.float32]
    xyz: NDArray[np.float32] | None = None
    source: Source = Source()

    @property
    def landmarks(self) -> NDArray[np.int64]:
        """(m,) the rows that were fitted."""
        return np.arange(len(self.layout.xy)) if self.layout.landmarks is None else self.layout.landmarks

    def save(self, path: Path) -> None:
        """Write it; a layout that was there is replaced at once.

        Raises:
            OSError: it cannot be written.
        """
        columns = {
            "settings": np.array(json.dumps(asdict(self.settings))),
            "stamp": np.array(self.stamp),
            "xy": self.layout.xy,
            "landmarks": self.landmarks,
            "segments": self.segments,
            "nodes": self.nodes,
            "spread": self.spread,
            "source": np.array(json.dumps(asdict(self.source))),
        }
        if self.xyz is not None:
            columns["xyz"] = self.xyz
        temporary = path.with_name(path.name + ".part")
        with temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **columns)
        temporary.replace(path)


def open_fitted(path: Path) -> FittedLayout:
    """Read a layout.

    Raises:
        TableError: the file is damaged.
        FileNotFoundError: there is none.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            columns = {name: content[name] for name in content.files}
        settings = LayoutSettings(**json.loads(str(columns["settings"])))
        xy, landmarks = columns["xy"].astype(np.float32), columns["landmarks"].astype(np.int64)
        n, m = len(xy), len(landmarks)
        if xy.shape != (n, 2) or columns["spread"].shape != (n,) or len(columns["nodes"]) != m:
            raise ValueError("columns of different lengths")
        return FittedLayout(
            named_layout("umap", xy, landmarks, settings.metric),
            settings,
            str(columns["stamp"]),
            columns["segments"].astype(np.uint64),
            columns["nodes"].astype(np.int64),
            columns["spread"].astype(np.float32),
            columns["xyz"].astype(np.float32) if "xyz" in columns else None,
            _source(columns),
        )
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, IndexError, zipfile.BadZipFile) as error:
        raise TableError(f"the layout {path} is damaged ({error}): delete it, and it is fitted again") from None


def describe_fitted(path: Path) -> tuple[str, LayoutSettings, Source, int]:
    """Stamp, settings, source and number of rows of a kept layout, without reading its coordinates.

    Raises:
        TableError: the file is damaged.
        FileNotFoundError: there is none.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
            named = ("stamp", "settings", "source", "spread")
            columns = {name: content[name] for name in named if name in content.files}
        settings = LayoutSettings(**json.loads(str(columns["settings"])))
        return str(columns["stamp"]), settings, _source(columns), len(columns["spread"])
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise TableError(f"the layout {path} is damaged ({error}): delete it") from None


def _source(columns: Mapping[str, NDArray[np.generic]]) -> Source:
    """Layouts of earlier releases do not tell theirs."""
    return Source(**json.loads(str(columns["source"]))) if "source" in columns else Source()


def fit_layout(
    rows: Rows, settings: LayoutSettings, stamp: str, earlier: FittedLayout | None, progress: Progress
) -> FittedLayout:
    """Fit a UMAP in two dimensions; the same rows, settings and earlier layout give the same on one machine.

    Args:
        rows: of a table; those that are not finite lie in the middle.
        settings: of the fit.
        stamp: under which it will be kept.
        earlier: the layout is turned and mirrored so that rows of both lie as near as can be to where they were.
        progress: told what is being done, and the share that is done. What it raises ends the fit.

    Raises:
        LayoutError: the settings cannot be used, or there are too few rows for them.
    """
    settings.check()
    known = np.flatnonzero(np.isfinite(rows.embeddings).all(axis=1))
    classes = None if rows.classes is None else rows.classes[known]
    landmarks = known[stratified_sample(rows.segments[known], classes, settings.sample_rows, settings.seed)]
    fitted = _sample_fit(rows, settings, landmarks, 2, progress)
    segments, nodes = rows.segments[landmarks], rows.nodes[landmarks]
    if earlier is not None:
        here, there = shared_rows(segments, nodes, earlier.segments, earlier.nodes)
        motion = procrustes(fitted[here], earlier.layout.xy[earlier.landmarks[there]])
        fitted = fitted if motion is None else motion(fitted)
    xy, spread = placed(rows, settings, landmarks, fitted, progress)
    low, high = xy[known].min(axis=0, initial=np.inf), xy[known].max(axis=0, initial=-np.inf)
    half = float((high - low).max()) / 2 if len(known) else 0.0
    spread = np.asarray(spread / half if half > 0 else spread, np.float32)
    xy[np.setdiff1d(np.arange(len(xy)), known)] = np.nan
    layout = make_layout("umap", xy, landmarks, settings.metric)
    progress("done", 1.0)
    return FittedLayout(layout, settings, stamp, segments, nodes, spread)


def with_three_dimensions(fitted: FittedLayout, rows: Rows, progress: Progress) -> FittedLayout:
    """The same with a fit in three dimensions, of the same sample of the same rows.

    Raises:
        LayoutError: as `fit_layout`.
    """
    landmarks = fitted.landmarks
    sample = _sample_fit(rows, fitted.settings, landmarks, 3, progress)
    xyz, _ = placed(rows, fitted.settings, landmarks, sample, progress)
    centre = (sample.min(axis=0) + sample.max(axis=0)) / 2
    half = float(np.ptp(sample, axis=0).max()) / 2
    progress("done", 1.0)
    scaled = np.clip((xyz - centre) / (half if half > 0 else 1.0), -1, 1)
    scaled[~np.isfinite(rows.embeddings).all(axis=1)] = 0
    return replace(fitted, xyz=scaled.astype(np.float32))


def _sample_fit(
    rows: Rows, settings: LayoutSettings, landmarks: NDArray[np.int64], dimensions: int, progress: Progress
) -> NDArray[np.float64]:
    return umap_coordinates(
        rows.embeddings[landmarks],
        settings,
        dimensions,
        None if rows.labels is None else rows.labels[landmarks],
        lambda text, share: progress(text, _FITTED * share),
    )


def placed(
    rows: Rows,
    settings: LayoutSettings,
    landmarks: NDArray[np.int64],
    fitted: NDArray[np.float64],
    progress: Progress,
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """All rows among the landmarks that were fitted, and how much their neighbours disagree."""
    n = len(rows.embeddings)
    xy, spread = np.zeros((n, fitted.shape[1])), np.zeros(n, np.float32)
    others = np.setdiff1d(np.arange(n), landmarks)
    placement = Placement(rows.embeddings[landmarks], fitted, settings.metric, settings.seed)
    for start in range(0, len(others), _PLACED_AT_ONCE):
        progress("placing the other rows", _FITTED + (1 - _FITTED) * start / len(others))
        piece = others[start : start + _PLACED_AT_ONCE]
        xy[piece], spread[piece] = placement.place_all(rows.embeddings[piece])
    xy[landmarks] = fitted
    return xy, spread
