"""The demo: a generated phantom in the user's cache folder, as a project like any other."""

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from segclr.em.phantom.files import (
    CELL_TYPE_NAMES,
    PHANTOM_VERSION,
    SUBCOMPARTMENT_NAMES,
    PhantomFolder,
    PhantomTruth,
    find_phantom,
    open_phantom,
)
from segclr.em.phantom.recipes import SEED, SIZE_VOXELS
from segclr.embeddings.table import EmbeddingTable
from segclr.encoder.checkpoint import DEMO_CHECKPOINT, read_spec
from segclr.errors import ProjectError, VolumeUnavailable
from segclr_viewer.child_process import end_child, new_child
from segclr_viewer.log.events import NewEvent
from segclr_viewer.prepare import Progress, run_with_progress
from segclr_viewer.project import Project
from segclr_viewer.project_file import load_project

SUBCOMPARTMENT = "subcompartment"
CELL_TYPE = "cell type"
CELL_TYPE_RADIUS_UM = 10
EXAMPLES_PER_SUBCOMPARTMENT = 8
EXAMPLES_PER_CELL_TYPE = 5
TINY_VOXELS = (64, 96, 48)
SHARE_AT_START = 0.004  # of all voxels: somata and whole astrocytes are larger
SAME_PLACE_NM = 400.0  # a table row this close to a true node is of its class

# Okabe and Ito's palette, told apart by colour-blind readers too; the last ones extend it with its darker tones.
COLOURS = ("#56b4e9", "#e69f00", "#cc79a7", "#f0e442", "#009e73", "#d55e00", "#0072b2", "#b8b8b8", "#8f6bd1")


@dataclass(frozen=True, slots=True)
class DemoSettings:
    """Which phantom is opened, and where it is kept."""

    cache: Path
    seed: int = SEED
    size_voxels: tuple[int, int, int] = SIZE_VOXELS

    def __post_init__(self) -> None:
        if any(size < least for size, least in zip(self.size_voxels, TINY_VOXELS, strict=True)):
            raise ProjectError(
                f"--demo-size is {' '.join(map(str, self.size_voxels))}: a phantom has at least "
                f"{' '.join(map(str, TINY_VOXELS))} voxels"
            )
        if self.seed < 0:
            raise ProjectError(f"--demo-seed is {self.seed}: it must be 0 or more")

    @property
    def folder(self) -> Path:
        """The phantom's folder: one per version, seed and size; the name says that it has a hidden subtype."""
        size = "x".join(map(str, self.size_voxels))
        return self.cache / f"phantom-v{PHANTOM_VERSION}-subtype-seed{self.seed}-{size}"


def default_cache() -> Path:
    """Where generated volumes are kept: $XDG_CACHE_HOME or ~/.cache, in ``segclr-viewer``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "segclr-viewer"


def open_demo(settings: DemoSettings) -> Project:
    """The demo's project; its volume is generated first if the cache does not have it.

    Raises:
        SegclrError: the volume cannot be generated or written.
    """
    folder = settings.folder
    if find_phantom(folder) is None:
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise VolumeUnavailable(
                f"the demo's folder {folder.parent} cannot be made ({error.strerror}): choose another with --cache"
            ) from error
        compiler = new_child()
        compiler.submit(_compile)
        try:
            run_with_progress("generating the phantom volume", _write, folder, settings.seed, settings.size_voxels)
        finally:
            end_child(compiler)
    found = find_phantom(folder)
    if found is None:
        raise VolumeUnavailable(f"the phantom in {folder} was not written: delete the folder and start again")
    project_file = folder / "project.toml"
    text = _project_text(found, start_segments(open_phantom(folder)))
    if not project_file.exists() or project_file.read_text(encoding="utf-8") != text:
        project_file.write_text(text, encoding="utf-8")
    return load_project(project_file)


def _write(folder: Path, seed: int, size_voxels: tuple[int, int, int], progress: Progress) -> None:
    from segclr.em.phantom.writing import write_phantom  # numba: only in the process that generates

    write_phantom(folder, seed, size_voxels, progress, subtypes=True)


def _compile() -> None:
    """Generate a tiny phantom: on a new machine this compiles the later steps while the first ones run elsewhere."""
    from segclr.em.phantom.phantom import make_phantom

    make_phantom(0, TINY_VOXELS)


def start_segments(truth: PhantomTruth) -> list[int]:
    """The largest segment of each cell type that would not hide the others: a first view that shows what there is."""
    small = np.flatnonzero(truth.segment_voxels <= SHARE_AT_START * truth.segment_voxels.sum())
    order = small[np.argsort(-truth.segment_voxels[small], kind="stable")]
    _, first = np.unique(truth.segment_cell_type[order], return_index=True)
    return [int(segment) for segment in truth.segment_id[order[first]]]


def _project_text(phantom: PhantomFolder, start: list[int]) -> str:
    """The project file, as a user would write it."""
    encoder = read_spec(DEMO_CHECKPOINT).hash
    tasks = (
        (SUBCOMPARTMENT, "node", 0, SUBCOMPARTMENT_NAMES),
        (CELL_TYPE, "segment", CELL_TYPE_RADIUS_UM, CELL_TYPE_NAMES),
    )
    lines = [
        "# Written by the demo; the volume is generated, not recorded.",
        f'name = "generated phantom, seed {phantom.seed}"',
        f"start_segments = [{', '.join(chr(34) + str(segment) + chr(34) for segment in start)}]",
        'depth_axis = "y"',
        '[em]\nurl = "em"',
        f'[segmentation]\nurl = "segmentation"\nversion = "phantom v{PHANTOM_VERSION}"',
        '[skeletons]\nurl = "segmentation/skeletons"\nspacing_nm = 0',
        f'[encoder]\ncheckpoint = "{DEMO_CHECKPOINT.as_posix()}"',
        f'[table]\nfolder = "embeddings-{encoder}"',
        '[labels]\nfile = "labels.sqlite"',
    ]
    for name, unit, radius_um, classes in tasks:
        lines.append(f'[[task]]\nname = "{name}"\nunit = "{unit}"\naggregation_radius_um = {radius_um}')
        lines += [
            f'[[task.class]]\nname = "{label.replace("_", " ")}"\ncolor = "{COLOURS[index]}"\nkey = "{index + 1}"'
            for index, label in enumerate(classes)
        ]
    return "\n".join(lines) + "\n"


def first_labels(project: Project, table: EmbeddingTable, truth: PhantomTruth) -> list[NewEvent]:
    """A few dozen labels from the phantom's truth, marked as imported, so that overlays mean something at once."""
    segments = table.segment_of_rows(np.arange(len(table)))
    node, distance_nm = _nearest_truth(table.positions_nm, segments, truth)
    sure = distance_nm <= SAME_PLACE_NM
    plan = (
        (SUBCOMPARTMENT, truth.subcompartment, EXAMPLES_PER_SUBCOMPARTMENT),
        (CELL_TYPE, truth.cell_type, EXAMPLES_PER_CELL_TYPE),
    )
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    events: list[NewEvent] = []
    for name, codes, examples in plan:
        task = next(entry for entry in project.tasks if entry.name == name)
        action = str(uuid.uuid4())
        rng = np.random.default_rng(0)
        for index, spec in enumerate(task.classes):
            candidates = rng.permutation(np.flatnonzero(sure & (codes[node] == index)))
            for row in _one_per_segment(candidates, segments)[:examples]:
                x, y, z = (float(value) for value in table.positions_nm[row])
                events.append(
                    NewEvent(
                        uuid=str(uuid.uuid4()),
                        group=action,
                        at=now,
                        annotator="phantom truth",
                        kind="label",
                        task=name,
                        class_name=spec.name,
                        position_nm=(x, y, z),
                        segmentation=project.segmentation.version,
                        segment_id=int(segments[row]),
                        provenance="import",
                    )
                )
    return events


def _nearest_truth(
    positions_nm: NDArray[np.float64], segments: NDArray[np.uint64], truth: PhantomTruth
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """For each row the nearest true node of its own segment, and how far (nm) that is."""
    known = np.unique(truth.node_segment_id)
    apart_nm = 1e9 * np.searchsorted(known, truth.node_segment_id)  # a fourth axis keeps the segments apart
    tree = cKDTree(np.column_stack([truth.position_nm, apart_nm]))
    distance_nm, node = tree.query(np.column_stack([positions_nm, 1e9 * np.searchsorted(known, segments)]))
    return np.asarray(node, np.int64), np.asarray(distance_nm, np.float64)


def _one_per_segment(rows: NDArray[np.int64], segments: NDArray[np.uint64]) -> NDArray[np.int64]:
    """The first row of each segment, in the given order: labels spread over many cells."""
    _, first = np.unique(segments[rows], return_index=True)
    return rows[np.sort(first)]
