"""What the demo's clusters are in truth: ``python docs/hidden_subtype.py FOLDER [--groups N] [--exported LABELS.csv]``.

FOLDER is the demo's, with the generated volume and its embeddings. The clusters are those that the page finds by
k-means under the task "cell type", whose embeddings are means within 10 um along the cell; the truth is the phantom's,
and neither labels nor predictions have a part in it. With exported labels it also says how many cells of each class
are of the subtype.
"""

import argparse
import csv
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from segclr.em.phantom.files import CELL_TYPE_NAMES, find_phantom, open_phantom
from segclr.em.phantom.subtypes import SUBTYPES, true_subtype
from segclr.embeddings.aggregation import aggregate
from segclr.embeddings.table import open_table
from segclr.explore.clustering import Method, cluster
from segclr.explore.metric import comparable


def main() -> None:
    """Print a line for each cluster."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--groups", type=int, default=20)
    parser.add_argument("--radius", type=float, default=10.0, help="of the means, in um (%(default)s)")
    parser.add_argument("--exported", type=Path, help="labels of cells, as segclr-labels export writes them")
    options = parser.parse_args()
    phantom = find_phantom(options.folder)
    if phantom is None:
        parser.error(f"{options.folder} holds no phantom: give the demo's folder")
    truth = open_phantom(options.folder)
    table = open_table(next(options.folder.glob("embeddings-*")))
    _, node = cKDTree(truth.position_nm).query(table.positions_nm)
    names = [*CELL_TYPE_NAMES, *(f"{subtype.name} {subtype.cell_type}" for subtype in SUBTYPES)]
    subtype = true_subtype(phantom, truth)[node].astype(int)
    kind = np.where(subtype > 0, len(CELL_TYPE_NAMES) - 1 + subtype, truth.cell_type[node])
    method = Method("k-means", clusters=options.groups)
    found = cluster(comparable(aggregate(table, options.radius), "cosine"), method)
    for number in range(found.count):
        shares = np.bincount(kind[found.labels == number], minlength=len(names))
        largest = np.argsort(-shares, kind="stable")[:3]
        parts = (f"{names[code]} {shares[code] / shares.sum():.0%}" for code in largest)
        print(f"cluster {number + 1:2}: {shares.sum():5} points; {', '.join(parts)}")
    hidden = subtype > 0
    best = np.bincount(found.labels[hidden & (found.labels >= 0)], minlength=found.count).argmax()
    print(
        f"of the subtype's {hidden.sum()} points {(found.labels[hidden] == best).mean():.0%} are in cluster {best + 1}"
    )
    if options.exported is not None:
        _print_exported(options.exported, truth.node_segment_id[true_subtype(phantom, truth) > 0])


def _print_exported(file: Path, of_subtype: NDArray[np.uint64]) -> None:
    """How many of each class's labelled segments are among those of the subtype."""
    with file.open(newline="", encoding="utf-8") as lines:
        labels = [(row["class"], int(row["segment_id"])) for row in csv.DictReader(lines)]
    hidden = {int(segment) for segment in np.unique(of_subtype)}
    print(f"{len(hidden)} cells have axons of the subtype")
    for name in dict.fromkeys(name for name, _ in labels):
        segments = {segment for label, segment in labels if label == name}
        print(f"labelled {name}: {len(segments)} cells, {len(segments & hidden)} of the subtype")


if __name__ == "__main__":
    main()
