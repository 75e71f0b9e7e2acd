"""Heads as .npz files: named arrays, a kind and a format version; nothing is unpickled."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segclr.errors import CheckpointMismatch
from segclr.heads.mahalanobis import Mahalanobis
from segclr.heads.threshold import NoveltyThreshold

FORMAT_VERSION = 2

Arrays = Mapping[str, NDArray[np.generic]]


def write_head(path: Path, kind: str, arrays: Arrays, novelty: Mahalanobis) -> None:
    """Write a head's arrays and its novelty to a .npz file, at once."""
    threshold = novelty.threshold
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez(
            file,
            version=FORMAT_VERSION,
            kind=kind,
            novelty_mean=novelty.mean,
            novelty_whitening=novelty.whitening,
            novelty_centres=novelty.centres,
            novelty_threshold=[]
            if threshold is None
            else [threshold.coverage, threshold.value, threshold.measured_coverage, threshold.count],
            allow_pickle=False,
            **arrays,
        )
    part.replace(path)


def read_head(path: Path, kind: str) -> tuple[dict[str, NDArray[np.generic]], Mahalanobis]:
    """Read what `write_head` wrote: the arrays, and the novelty.

    Raises:
        CheckpointMismatch: There is no such file, it is damaged, of another format version, or a head of another kind.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files if not name.endswith(".json")}
        version, found = int(arrays.pop("version")), str(arrays.pop("kind", kind))
    except OSError as error:
        raise CheckpointMismatch(f"the head {path} cannot be read: {error.strerror or error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, EOFError, zipfile.BadZipFile):
        raise damaged(path) from None
    if version != FORMAT_VERSION:
        raise CheckpointMismatch(f"the head {path} has format version {version}, not {FORMAT_VERSION}: fit it again")
    if found != kind:
        raise CheckpointMismatch(f"the head {path} is of the kind {found}, not {kind}: open it as what it is")
    try:
        return arrays, _novelty(*(arrays.pop(f"novelty_{part}") for part in _PARTS))
    except (KeyError, TypeError, ValueError):
        raise damaged(path) from None


def kind_of(path: Path) -> str:
    """Return the kind of a head, which says what opens it; errors as of `read_head`."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return str(stored["kind"])
    except OSError as error:
        raise CheckpointMismatch(f"the head {path} cannot be read: {error.strerror or error}") from None
    except (KeyError, TypeError, ValueError, AttributeError, EOFError, zipfile.BadZipFile):
        raise damaged(path) from None


_PARTS = ("mean", "whitening", "centres", "threshold")


def _novelty(
    mean: NDArray[np.float64], whitening: NDArray[np.float64], centres: NDArray[np.float64], stored: NDArray[np.float64]
) -> Mahalanobis:
    d = len(mean)
    if (mean.shape, whitening.shape, centres.shape[1:]) != ((d,), (d, d), (d,)) or not len(centres):
        raise ValueError("the arrays of the novelty do not fit each other")
    threshold = None
    if len(stored):
        coverage, value, measured, count = stored.tolist()
        threshold = NoveltyThreshold(coverage, value, measured, int(count))
    return Mahalanobis(mean, whitening, centres, threshold)


def damaged(path: Path) -> CheckpointMismatch:
    """Say that a file is no head."""
    return CheckpointMismatch(f"the head {path} is damaged, or not a head: fit it again")
