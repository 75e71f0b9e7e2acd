"""What is known of whole segments: the classes that their labels or predictions give them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.exchange.labels import CurrentLabel
from segclr_viewer.points import NO_CLASS, Points


@dataclass(frozen=True, slots=True, eq=False)
class SegmentClasses:
    """One entry per segment, ids ascending.

    Attributes:
        segment_ids: (s,) uint64.
        classes: per segment the indices of its classes, ascending.
        label_counts: (s,) uint32, how many labels it has.
        confidence: (s,) float32, mean over its nodes of the predicted class; None for labels.
        share: (s,) float32, share of its nodes that have that class; None for labels.
    """

    segment_ids: NDArray[np.uint64]
    classes: tuple[tuple[int, ...], ...]
    label_counts: NDArray[np.uint32]
    confidence: NDArray[np.float32] | None = None
    share: NDArray[np.float32] | None = None


def labelled_segments(labels: Iterable[CurrentLabel], class_names: Sequence[str]) -> SegmentClasses:
    """The segments that have a label, each with all classes that its labels name."""
    counts: dict[int, int] = {}
    classes: dict[int, set[int]] = {}
    for label in labels:
        counts[label.segment_id] = counts.get(label.segment_id, 0) + 1
        classes.setdefault(label.segment_id, set()).add(class_names.index(label.class_name))
    ids = sorted(counts)
    return SegmentClasses(
        np.array(ids, np.uint64),
        tuple(tuple(sorted(classes[segment])) for segment in ids),
        np.array([counts[segment] for segment in ids], np.uint32),
    )


def predicted_segments(
    table: EmbeddingTable, points: Points, class_count: int, labels: Iterable[CurrentLabel]
) -> SegmentClasses:
    """The segments of the table, each with the class that most of its nodes have (of equals the first).

    Nodes without a prediction do not count; a segment of such nodes alone has no class, and confidence and share 0.
    """
    sizes = np.diff(table.first_row)
    index_of_row = np.repeat(np.arange(len(sizes)), sizes)
    predicted = points.classes != NO_CLASS
    cell = index_of_row[predicted] * class_count + points.classes[predicted]
    shape = (len(sizes), class_count)
    nodes = np.bincount(cell, minlength=len(sizes) * class_count).reshape(shape)
    weights = points.confidence[predicted].astype(np.float64) / 255
    sums = np.bincount(cell, weights, minlength=len(sizes) * class_count).reshape(shape)
    best = nodes.argmax(axis=1)
    every = np.arange(len(sizes))
    most = nodes[every, best]
    counts = np.zeros(len(sizes), np.uint32)
    for label in labels:
        at = int(np.searchsorted(table.segment_ids, np.uint64(label.segment_id)))
        if at < len(counts) and int(table.segment_ids[at]) == label.segment_id:
            counts[at] += 1
    return SegmentClasses(
        np.asarray(table.segment_ids, np.uint64),
        tuple((found,) if count else () for found, count in zip(best.tolist(), most.tolist(), strict=True)),
        counts,
        (sums[every, best] / np.maximum(most, 1)).astype(np.float32),
        (most / np.maximum(sizes, 1)).astype(np.float32),
    )
