"""Sites on cells, such as synapses, of which many lie at one node of the table: a node takes one label."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segclr.embeddings.table import EmbeddingTable
from segclr_viewer.exchange.errors import ExchangeError
from segclr_viewer.exchange.to_log import PlacedLabel
from segclr_viewer.labels.label_sites import LabelSites
from segclr_viewer.labels.places import LABEL_REACH_NM


@dataclass(frozen=True, slots=True)
class NodeSites:
    """The labels of sites.

    Attributes:
        labels: of each node that of the nearest site, and those of all sites that no node is near, in their order.
        merged: sites at a node whose label another site of the same class gives.
        contradicted: nodes that have sites of several classes, and so no label.
        of_contradicted: the sites there.
    """

    labels: tuple[PlacedLabel, ...]
    merged: int
    contradicted: int
    of_contradicted: int


def one_per_node(labels: Sequence[PlacedLabel], table: EmbeddingTable, segmentation: str) -> NodeSites:
    """Keep one label for each node; those of another version of the segmentation are all kept, their nodes not known.

    Raises:
        ExchangeError: the table has none of their cells, or no node near any of the sites.
    """
    sites = LabelSites(table, segmentation)
    at_row: dict[int, list[int]] = {}
    kept: list[int] = []
    here = [index for index, label in enumerate(labels) if label.segmentation == segmentation]
    for index in here:
        row = sites.row(labels[index].segment_id, labels[index].position_nm)
        if row is None:
            kept.append(index)
        else:
            at_row.setdefault(row, []).append(index)
    if here and not at_row:
        raise _nowhere([labels[index] for index in here], table)
    kept += [index for index, label in enumerate(labels) if label.segmentation != segmentation]
    merged = contradicted = of_contradicted = 0
    for row, there in at_row.items():
        if len({labels[index].class_name for index in there}) > 1:
            contradicted, of_contradicted = contradicted + 1, of_contradicted + len(there)
            continue
        away = np.array([labels[index].position_nm for index in there]) - table.positions_nm[row]
        kept.append(there[int(np.square(away).sum(axis=1).argmin())])
        merged += len(there) - 1
    return NodeSites(tuple(labels[index] for index in sorted(kept)), merged, contradicted, of_contradicted)


def _nowhere(labels: Sequence[PlacedLabel], table: EmbeddingTable) -> ExchangeError:
    cells = sorted({label.segment_id for label in labels})
    rows = [table.rows_of(cell) for cell in cells]
    if all(some.start == some.stop for some in rows):
        return ExchangeError(
            f"the project's table has no cell {cells[0]}: is the file of another cell, or of another version of the "
            "segmentation than --frame says?"
        )
    return ExchangeError(
        f"none of the {len(labels):,} sites lies within {LABEL_REACH_NM / 1000:g} um of a node of cell {cells[0]}: is "
        "--resolution-nm what one unit of the file's positions measures?"
    )
