"""What the demo's clusters are in truth: ``python docs/hidden_subtype.py FOLDER [--groups N]``.

FOLDER is the demo's, with the generated volume and its embeddings. The clusters are those that the page finds by
k-means of the embeddings; the truth is the phantom's, and neither labels nor predictions have a part in it.
"""

import argparse
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from segclr.em.phantom.files import CELL_TYPE_NAMES, open_phantom
from segclr.embeddings.table import open_table
from segclr.explore.clustering import Method, cluster
from segclr.explore.metric import comparable


def main() -> None:
    """Print a line for each cluster."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--groups", type=int, default=20)
    options = parser.parse_args()
    truth = open_phantom(options.folder)
    table = open_table(next(options.folder.glob("embeddings-*")))
    _, node = cKDTree(truth.position_nm).query(table.positions_nm)
    cell_type = truth.cell_type[node]
    method = Method("k-means", clusters=options.groups)
    found = cluster(comparable(np.asarray(table.embeddings), "cosine"), method)
    for number in range(found.count):
        shares = np.bincount(cell_type[found.labels == number], minlength=len(CELL_TYPE_NAMES))
        largest = np.argsort(-shares, kind="stable")[:3]
        parts = (f"{CELL_TYPE_NAMES[code]} {shares[code] / shares.sum():.0%}" for code in largest)
        print(f"cluster {number + 1:2}: {shares.sum():5} points; {', '.join(parts)}")


if __name__ == "__main__":
    main()
