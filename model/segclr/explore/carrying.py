"""A layout of a table taken over to the same table with more segments: what was laid out stays where it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from segclr.explore.fitted import FittedLayout, Rows, placed
from segclr.explore.layout import named_layout
from segclr.explore.procrustes import shared_rows

_LEAST_SHARE = 0.5  # of what was fitted, and of what a fit now would sample; with less the layout is rather fitted anew


def carried_over(fitted: FittedLayout, rows: Rows, stamp: str, table: str) -> FittedLayout | None:
    """The layout of a table that has changed; None if too little of it was fitted, or is left.

    Rows are known by segment and node. Those that were fitted keep their places, all others are placed among them.
    Three dimensions are not taken over.

    Args:
        rows: of the table as it is, embedded as before.
        stamp: under which it will be kept.
        table: the table's version.
    """
    here, there = shared_rows(rows.segments, rows.nodes, fitted.segments, fitted.nodes)
    sampled_now = min(len(rows.segments), fitted.settings.sample_rows)
    if not len(here) or len(here) < _LEAST_SHARE * max(len(fitted.segments), sampled_now):
        return None
    order = np.argsort(here)
    landmarks = here[order]
    places = fitted.layout.xy[fitted.landmarks[there[order]]].astype(np.float64)
    xy, spread = placed(rows, fitted.settings, landmarks, places, lambda doing, share: None)
    layout = named_layout("umap", np.clip(xy, -1, 1).astype(np.float32), landmarks, fitted.settings.metric)
    segments, nodes = rows.segments[landmarks], rows.nodes[landmarks]
    source = replace(fitted.source, table=table)
    return FittedLayout(layout, fitted.settings, stamp, segments, nodes, spread, source=source)
