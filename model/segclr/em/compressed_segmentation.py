"""Neuroglancer's `compressed_segmentation`: per block of voxels a table of its ids, and few bits per voxel.

Format: google/neuroglancer, src/sliceview/compressed_segmentation/README.md. It makes segment ids about fifty times
smaller than raw. Decoding is left to the libraries that read volumes.
"""

from __future__ import annotations

import fastremap
import numpy as np
from numpy.typing import NDArray

BLOCK = 8  # edge in voxels
_VOXELS = BLOCK**3
_BITS = np.array([0, 1, 2, 4, 8, 16, 32])


def encode_chunk(ids: NDArray[np.generic]) -> bytes:
    """Encode a (z, y, x) chunk of uint32 or uint64 ids."""
    if ids.dtype not in (np.uint32, np.uint64):
        raise ValueError(f"ids of type {ids.dtype.name} cannot be encoded; they must be uint32 or uint64")
    labels, id_of_label = _renumbered(ids)
    blocks = _blocks(labels)
    is_in = np.zeros((len(blocks), len(id_of_label)), np.bool_)
    is_in[np.arange(len(blocks))[:, None], blocks] = True
    counts = is_in.sum(1)
    # per block, the place of every label among those that are in it
    place = np.cumsum(is_in, axis=1, dtype=np.uint32) - 1
    indices = np.take_along_axis(place, blocks, axis=1)

    bits = _BITS[np.searchsorted(2**_BITS, counts)]
    value_words = bits * (_VOXELS // 32)
    words_per_id = ids.dtype.itemsize // 4
    table_words = counts * words_per_id
    header_words = 2 * len(blocks)
    tables_at = header_words + _starts(table_words)
    values_at = header_words + table_words.sum() + _starts(value_words)
    if tables_at[-1] >= 1 << 24:
        raise ValueError(f"a chunk of {ids.shape} voxels has too many ids for this encoding; take smaller chunks")

    out = np.zeros(1 + header_words + table_words.sum() + value_words.sum(), "<u4")
    out[0] = 1  # where the only channel begins
    channel = out[1:]
    channel[0:header_words:2] = tables_at | (bits << 24)
    channel[1:header_words:2] = values_at
    tables = id_of_label[np.nonzero(is_in)[1]].astype(ids.dtype.newbyteorder("<"))
    channel[header_words : header_words + table_words.sum()] = tables.view("<u4")
    for width in _BITS[1:]:
        rows = np.flatnonzero(bits == width)
        if rows.size:
            per_word = 32 // int(width)
            shifts = np.arange(per_word, dtype=np.uint32) * np.uint32(width)
            packed = np.bitwise_or.reduce(indices[rows].reshape(len(rows), -1, per_word) << shifts, axis=2)
            channel[values_at[rows][:, None] + np.arange(packed.shape[1])] = packed
    return out.tobytes()


def _renumbered(ids: NDArray[np.generic]) -> tuple[NDArray[np.intp], NDArray[np.generic]]:
    """Return the ids as 0, 1, 2, ... and the ids that these stand for."""
    labels, label_of_id = fastremap.renumber(ids, start=0, preserve_zero=False)
    id_of_label = np.zeros(len(label_of_id), ids.dtype)
    for segment_id, label in label_of_id.items():
        id_of_label[label] = segment_id
    return labels.astype(np.intp), id_of_label


def _blocks(labels: NDArray[np.intp]) -> NDArray[np.intp]:
    """Cut a chunk into (blocks, voxels), x fastest in both; blocks that overhang repeat the last voxel."""
    full = np.pad(labels, [(0, -n % BLOCK) for n in labels.shape], mode="edge")
    z, y, x = (n // BLOCK for n in full.shape)
    return full.reshape(z, BLOCK, y, BLOCK, x, BLOCK).transpose(0, 2, 4, 1, 3, 5).reshape(-1, _VOXELS)


def _starts(lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.cumsum(lengths) - lengths
