"""Write a phantom to disk: precomputed volumes, skeletons and truth, all or nothing."""

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np

from segclr.em.phantom.files import (
    CELL_TYPE_NAMES,
    LAYER_NAMES,
    PHANTOM_VERSION,
    SUBCOMPARTMENT_NAMES,
    PhantomFolder,
    PhantomTruth,
    find_phantom,
    segment_id_of,
)
from segclr.em.phantom.forest import Ints
from segclr.em.phantom.phantom import Phantom, make_phantom
from segclr.em.phantom.recipes import SEED, SIZE_VOXELS, VOXEL_NM
from segclr.em.phantom.subtypes import SUBTYPES
from segclr.em.phantom.tables import skeleton_list, truth_tables
from segclr.em.precomputed import PrecomputedWriter, downsampled
from segclr.em.precomputed_skeletons import write_skeletons
from segclr.errors import VolumeUnavailable

CHUNK = (64, 64, 64)
LEAST_VOXELS = 1000  # smaller segments get no skeleton


def write_phantom(
    folder: Path,
    seed: int = SEED,
    size_voxels: tuple[int, int, int] = SIZE_VOXELS,
    progress: Callable[[str, float], None] = lambda text, share: None,
    subtypes: bool = False,
) -> PhantomFolder:
    """Make a phantom and write it; a folder that already holds the same one is left as it is.

    The folder appears under its name only when it is complete.

    Args:
        size_voxels: (x, y, z), voxels of 32 x 32 x 40 nm.
        progress: called with a text and the share that is done.
        subtypes: as of ``make_phantom``.

    Raises:
        VolumeUnavailable: the folder cannot be written, or is in use for something else.
    """
    found = find_phantom(folder)
    if found is not None and (found.seed, found.size_voxels, found.subtypes) == (seed, size_voxels, subtypes):
        return found
    if folder.exists() and not (folder / "phantom.json").exists() and not _is_empty(folder):
        raise VolumeUnavailable(f"{folder} holds something else than a phantom; choose another folder")
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    try:
        part.mkdir(parents=True)  # before the long computation: a folder that cannot be written is known at once
        phantom = make_phantom(seed, size_voxels, lambda text, share: progress(text, 0.85 * share), subtypes=subtypes)
        _write_parts(part, phantom, lambda share: progress("writing files", 0.85 + 0.15 * share))
        _write_about(part, seed, size_voxels, subtypes)
        _put_in_place(part, folder)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        raise VolumeUnavailable(
            f"cannot write the phantom to {folder}: {error.strerror or error}; free some space or choose another folder"
        ) from error
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    progress("done", 1.0)
    return PhantomFolder(folder, seed, size_voxels, subtypes)


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not any(folder.iterdir())


def _write_about(part: Path, seed: int, size_voxels: tuple[int, int, int], subtypes: bool) -> None:
    about = {
        "generated": True, "version": PHANTOM_VERSION, "seed": seed, "size_voxels": list(size_voxels),
        "voxel_nm": list(VOXEL_NM), "subcompartments": list(SUBCOMPARTMENT_NAMES),
        "cell_types": list(CELL_TYPE_NAMES), "layers": list(LAYER_NAMES),
        "subtypes": [subtype.name for subtype in SUBTYPES] if subtypes else [],
    }  # fmt: skip
    (part / "phantom.json").write_text(json.dumps(about, indent=1))


def _put_in_place(part: Path, folder: Path) -> None:
    """Rename, replacing an older phantom; there is never half a phantom under the name."""
    old = folder.with_name(f"{folder.name}.{os.getpid()}.old")
    if folder.exists():
        folder.rename(old)
    part.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _write_parts(part: Path, phantom: Phantom, progress: Callable[[float], None]) -> None:
    nz, ny, nx = phantom.em.shape
    resolution, size = (float(VOXEL_NM[0]), float(VOXEL_NM[1]), float(VOXEL_NM[2])), (nx, ny, nz)
    em = PrecomputedWriter(part / "em", "em", np.uint8, resolution, size, chunk=CHUNK)
    segmentation = PrecomputedWriter(
        part / "segmentation", "segmentation", np.uint64, resolution, size, chunk=CHUNK, skeletons="skeletons"
    )
    supervoxels = PrecomputedWriter(
        part / "supervoxels", "segmentation", np.uint32, resolution, size, chunk=CHUNK, mips=1
    )
    for z in range(0, nz, 2 * CHUNK[2]):  # whole chunks of both mips
        slab = slice(z, z + 2 * CHUNK[2])
        ids: Ints = segment_id_of(phantom.segmentation[slab])
        em.write(phantom.em[slab], (0, 0, z))
        em.write(downsampled(phantom.em[slab], "em"), (0, 0, z // 2), mip=1)
        segmentation.write(ids, (0, 0, z))
        segmentation.write(downsampled(ids, "segmentation"), (0, 0, z // 2), mip=1)
        supervoxels.write(phantom.supervoxels[slab], (0, 0, z))
        progress(0.9 * min(1.0, (z + 2 * CHUNK[2]) / nz))
    truth = truth_tables(phantom, LEAST_VOXELS)
    np.savez(part / "truth.npz", **{field.name: getattr(truth, field.name) for field in fields(PhantomTruth)})
    write_skeletons(part / "segmentation" / "skeletons", skeleton_list(phantom, LEAST_VOXELS))
