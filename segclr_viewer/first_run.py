"""What a project needs before its first session: an embedding of every skeleton node, made once, kept as a table."""

from collections.abc import Iterable
from pathlib import Path

from segclr.em.skeleton import Skeleton
from segclr.em.volume import Volume
from segclr.embeddings.table import EmbeddingTable, open_table, table_exists
from segclr.errors import ProjectError
from segclr_viewer.opening import open_em, open_segmentation
from segclr_viewer.prepare import Progress, run_with_progress
from segclr_viewer.project import Project
from segclr_viewer.published import bring_published

SPACING_NM = 1500.0  # of computed skeletons: as the published embeddings
MIN_VOXELS = 1000  # smaller objects have no skeleton worth the name


def table_of(project: Project) -> EmbeddingTable:
    """The project's embedding table; made first, with a progress bar, if its folder does not exist.

    Of a published release what is missing of the project's segments is downloaded.

    Raises:
        ProjectError: there is no table and nothing to make one with.
        SegclrError: the table is damaged, or embedding or downloading failed.
    """
    folder = Path(project.table.folder)
    if project.table.release is not None:
        bring_published(project.table.release, folder, [int(segment) for segment in project.start_segments])
    elif not table_exists(folder):
        if project.encoder is None:
            raise ProjectError(
                f"there is no embedding table at {folder} (table.folder), and no encoder to make one with: "
                "add encoder.checkpoint, or name a table that exists"
            )
        run_with_progress("embedding the skeleton nodes", _embed, project, Path(project.encoder.checkpoint))
    return open_table(folder)


def _embed(project: Project, checkpoint: Path, progress: Progress) -> None:
    """Embed all nodes and save the table; runs in a process of its own."""
    from segclr.embeddings.bulk.settings import describe_nodes
    from segclr.embeddings.embed import embed_volume
    from segclr.encoder.inference import load_encoder  # torch: only in the process that embeds

    progress("opening", 0.0)
    em = open_em(project)
    segmentation = open_segmentation(project)
    skeletons = list(_spaced_skeletons(project, segmentation, progress))
    if not skeletons:
        raise ProjectError(
            f"{project.segmentation.url} has no segment of {MIN_VOXELS} voxels or more: there is nothing to embed"
        )
    encoder = load_encoder(checkpoint)
    given = project.skeletons
    nodes_from = (
        describe_nodes(None, SPACING_NM, MIN_VOXELS)
        if given is None
        else describe_nodes(given.url, given.spacing_nm, MIN_VOXELS)
    )
    table = embed_volume(
        em,
        segmentation,
        skeletons,
        encoder,
        nodes_from=nodes_from,
        progress=lambda done, total: progress(f"{done} of {total}", done / total),
    )
    table.save(Path(project.table.folder))


def _spaced_skeletons(project: Project, segmentation: Volume, progress: Progress) -> Iterable[Skeleton]:
    """The project's own skeletons, or computed ones, with nodes as far apart as the project says."""
    from segclr.em.skeleton_fit import onto_segment
    from segclr.em.skeleton_source import open_skeletons
    from segclr.em.skeletonize import skeletonize

    spacing_nm = SPACING_NM
    if project.skeletons is not None:
        spacing_nm = project.skeletons.spacing_nm
        source = open_skeletons(project.skeletons.url)
        found: Iterable[Skeleton | None] = (source.skeleton(int(segment)) for segment in source.segment_ids())
    else:
        found = skeletonize(
            segmentation,
            min_voxels=MIN_VOXELS,
            progress=lambda done, total: progress(f"skeletons, block {done} of {total}", 0.0),
        )
    for skeleton in found:
        if skeleton is not None:
            yield onto_segment(skeleton.spaced(spacing_nm), segmentation) if spacing_nm else skeleton
