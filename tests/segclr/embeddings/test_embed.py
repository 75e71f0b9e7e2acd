"""Embedding a small volume with an encoder of a few sums."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec, read_cutout
from segclr.em.geometry import Box
from segclr.em.skeleton import Skeleton
from segclr.em.volume import Volume, open_volume
from segclr.embeddings.embed import embed_volume
from segclr.embeddings.table import EmbeddingTable
from segclr.errors import TableError, VolumeUnavailable

BIG = 2**63 + 5


@dataclass(frozen=True)
class Spec:
    cutout: CutoutSpec
    embedding_dim: int = 4
    hash: str = "feedfacecafebeef"


@dataclass
class Sums:
    """An encoder whose embedding tells where and on which segment a cutout was made, and remembers its batches."""

    spec: Spec
    batches: list[int] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    def embed(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.batches.append(len(images))
        self.threads.add(threading.get_ident())
        size = images.shape[1]
        ramp = np.arange(size, dtype=np.float64) / size
        pixels = images.astype(np.float64)
        weighted = [np.einsum("nzyx,a->n" if axis is None else f"nzyx,{axis}->n", pixels, ramp) for axis in "zyx"]
        return np.stack([pixels.sum(axis=(1, 2, 3)), *weighted], axis=1).astype(np.float32)


@pytest.fixture
def em(world) -> Volume:
    return open_volume(world.em_url, "em")


@pytest.fixture
def segmentation(world) -> Volume:
    return open_volume(world.segmentation_url, "segmentation")


@pytest.fixture
def encoder(world) -> Sums:
    return Sums(Spec(CutoutSpec(9, world.resolution_nm)))


def skeletons_of(world) -> list[Skeleton]:
    return list(world.skeletons.values())


def alone(em: Volume, segmentation: Volume, encoder: Sums, table: EmbeddingTable, row: int) -> NDArray[np.float32]:
    """The embedding that a live click at a row's position gets, which asks the volume for the segment."""
    x, y, z = table.positions_nm[row].tolist()
    return encoder.embed(read_cutout(em, segmentation, (x, y, z), encoder.spec.cutout).image[None])[0]


def test_every_row_is_what_a_click_at_its_position_gives(world, em, segmentation, encoder) -> None:
    table = embed_volume(em, segmentation, skeletons_of(world), encoder, batch=7)
    assert len(table) == sum(len(skeleton.nodes_nm) for skeleton in skeletons_of(world))
    assert table.segment_ids.tolist() == list(world.segment_ids)
    assert BIG in table.segment_ids.tolist()
    for row in range(len(table)):
        np.testing.assert_array_equal(table.embeddings[row], alone(em, segmentation, encoder, table, row))


def test_rows_keep_their_node_position_and_edges(world, em, segmentation, encoder) -> None:
    table = embed_volume(em, segmentation, reversed(skeletons_of(world)), encoder)
    for segment_id, skeleton in world.skeletons.items():
        rows = table.rows_of(segment_id)
        np.testing.assert_array_equal(table.node_ids[rows], np.arange(len(skeleton.nodes_nm)))
        np.testing.assert_array_equal(table.positions_nm[rows], skeleton.nodes_nm)
        expected = np.unique(np.sort(skeleton.edges, axis=1), axis=0) + rows.start
        np.testing.assert_array_equal(table.edges_of(segment_id), expected)


def test_the_result_depends_on_nothing_but_the_input(world, em, segmentation, encoder) -> None:
    versions = {
        embed_volume(em, segmentation, skeletons, encoder, batch=batch, readers=readers).version
        for skeletons in (skeletons_of(world), skeletons_of(world)[::-1])
        for batch, readers in ((1, 1), (5, 3), (1000, 2))
    }
    assert len(versions) == 1


def test_the_encoder_gets_full_batches_in_one_thread(world, em, segmentation, encoder) -> None:
    skeletons = skeletons_of(world)
    skeletons[0] = replace(skeletons[0], nodes_nm=skeletons[0].nodes_nm * [1, 1, 100])  # all outside
    table = embed_volume(em, segmentation, skeletons, encoder, batch=6)
    assert encoder.batches[:-1] == [6] * (len(table) // 6)
    assert sum(encoder.batches) == len(table)
    assert encoder.threads == {threading.get_ident()}


def test_progress_ends_with_everything_done(world, em, segmentation, encoder) -> None:
    told: list[tuple[int, int]] = []
    embed_volume(em, segmentation, skeletons_of(world), encoder, batch=5, progress=lambda *news: told.append(news))
    total = sum(len(skeleton.nodes_nm) for skeleton in skeletons_of(world))
    assert told[-1] == (total, total)
    assert told == sorted(told)
    assert {of for _, of in told} == {total}
    assert len(told) >= total / 5


def test_the_table_says_what_it_was_made_of(world, em, segmentation, encoder) -> None:
    made = embed_volume(em, segmentation, skeletons_of(world), encoder, nodes_from="drawn by hand").provenance
    assert made.encoder_hash == "feedfacecafebeef"
    assert made.cutout == encoder.spec.cutout
    assert (made.em_url, made.segmentation_url) == (world.em_url, world.segmentation_url)
    assert made.nodes_from == "drawn by hand"
    assert made.skipped == 0


def test_nodes_that_are_not_on_their_segment_are_skipped_counted_and_bridged(world, em, segmentation, encoder) -> None:
    good = world.skeletons[7]
    chain = good.nodes_nm[:6].copy()
    other = world.skeletons[BIG].nodes_nm[0]
    origin = np.multiply(world.voxel_offset, world.resolution_nm)
    assert segmentation.segment_at(tuple(origin + 1)) == 0
    chain[1] = origin + 1  # background
    chain[3] = other
    chain[4] = chain[4] + [1e6, 0, 0]  # outside
    edges = np.array([[0, 1], [1, 2], [2, 3], [3, 4], [4, 5]], np.int32)
    table = embed_volume(em, segmentation, [Skeleton(7, chain, edges)], encoder, batch=4)
    made = table.provenance
    assert (made.skipped_background, made.skipped_other_segment, made.skipped_outside) == (1, 1, 1)
    assert table.node_ids.tolist() == [0, 2, 5]
    assert table.edges.tolist() == [[0, 1], [1, 2]]
    np.testing.assert_array_equal(table.positions_nm, chain[[0, 2, 5]])


def test_nodes_beyond_the_em_are_outside(world, segmentation, encoder) -> None:
    class Smaller:
        """The EM volume, ending in the middle."""

        def __init__(self, whole: Volume) -> None:
            box = whole.mips[0].box
            x, y, z = box.stop
            middle = ((box.start[0] + x) // 2, y, z)
            self.url, self.read, self.mip_for = whole.url, whole.read, whole.mip_for
            self.mips = (replace(whole.mips[0], box=replace(box, stop=middle)), *whole.mips[1:])

    em = Smaller(open_volume(world.em_url, "em"))
    table = embed_volume(em, segmentation, skeletons_of(world), encoder)  # type: ignore[arg-type]
    end_nm = em.mips[0].box.stop[0] * world.resolution_nm[0]
    assert 0 < table.provenance.skipped_outside < len(table)
    assert table.positions_nm[:, 0].max() < end_nm


def test_when_nothing_can_be_embedded_it_says_why(world, em, segmentation, encoder) -> None:
    wrong = [replace(skeleton, segment_id=12345) for skeleton in skeletons_of(world)[:1]]
    with pytest.raises(TableError, match=r"none of \d+ .* 0 lie on background, \d\d+ on another segment, 0 outside"):
        embed_volume(em, segmentation, wrong, encoder)
    with pytest.raises(TableError, match="no skeleton nodes"):
        embed_volume(em, segmentation, [], encoder)


def test_a_chunk_that_cannot_be_read_stops_everything_with_its_own_error(world, em, segmentation, encoder) -> None:
    class Torn:
        def __init__(self, whole: Volume) -> None:
            self.url, self.mips, self.mip_for, self._read = whole.url, whole.mips, whole.mip_for, whole.read
            self.reads = 0

        def read(self, *arguments: object) -> NDArray[np.generic]:
            self.reads += 1
            if self.reads == 12:
                raise VolumeUnavailable("chunk 12 is gone")
            return self._read(*arguments)  # type: ignore[arg-type]

    before = threading.active_count()
    with pytest.raises(VolumeUnavailable, match="chunk 12 is gone"):
        embed_volume(Torn(em), segmentation, skeletons_of(world), encoder, batch=2)  # type: ignore[arg-type]
    assert threading.active_count() == before


@pytest.mark.parametrize(
    ("result", "says"),
    [
        (lambda images: np.full((len(images), 4), np.nan, np.float32), "NaN"),
        (lambda images: np.zeros((len(images), 5), np.float32), r"\(\d+, 5\) embeddings"),
        (lambda images: np.zeros((len(images) + 1, 4), np.float32), "embeddings for"),
    ],
)
def test_an_encoder_that_gives_nonsense_is_refused(
    world, em, segmentation, encoder, result: Callable[[NDArray[np.uint8]], NDArray[np.float32]], says: str
) -> None:
    encoder.embed = result
    with pytest.raises(TableError, match=says):
        embed_volume(em, segmentation, skeletons_of(world), encoder)


def test_shapes_alone_are_embedded_without_em(world, em, segmentation) -> None:
    encoder = Sums(Spec(CutoutSpec(9, world.resolution_nm, "mask")))
    without = embed_volume(None, segmentation, skeletons_of(world), encoder)
    with_em = embed_volume(em, segmentation, skeletons_of(world), encoder)
    assert without.version == with_em.version
    assert without.provenance.em_url is None


def test_reading_goes_on_while_the_encoder_works(world, em, segmentation, encoder) -> None:
    """The encoder's first batch is held back until a later batch has been cut, which would never end in turns."""
    first_size, later = 4, threading.Event()

    class Watched:
        def __init__(self, whole: Volume) -> None:
            self.url, self.mips, self.mip_for, self._read = whole.url, whole.mips, whole.mip_for, whole.read
            self.reads = 0

        def read(self, *arguments: object) -> NDArray[np.generic]:
            self.reads += 1
            if self.reads > 2 * first_size:
                later.set()
            return self._read(*arguments)  # type: ignore[arg-type]

    sums = encoder.embed

    def embed(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        assert later.wait(timeout=10)
        return sums(images)

    encoder.embed = embed
    table = embed_volume(Watched(em), segmentation, skeletons_of(world), encoder, batch=first_size)  # type: ignore[arg-type]
    assert len(table) > 3 * first_size


def test_a_node_where_nothing_can_be_seen_gets_no_row_and_counts_as_outside(world, segmentation, encoder, em) -> None:
    class Torn:
        """EM that is black, as where its chunks are missing, beyond half of its length."""

        def __init__(self, whole: Volume) -> None:
            self.url, self.mips, self.mip_for, self._whole = whole.url, whole.mips, whole.mip_for, whole

        def read(self, box: Box, mip: int = 0) -> NDArray[np.generic]:
            image = self._whole.read(box, mip)
            image[:, :, max(0, black_from - box.start[0]) :] = 0
            return image

    black_from = world.voxel_offset[0] + world.size[0] // 2
    skeletons = skeletons_of(world)
    table = embed_volume(Torn(em), segmentation, skeletons, encoder)  # type: ignore[arg-type]
    voxels = np.concatenate([skeleton.nodes_nm for skeleton in skeletons])[:, 0] // world.resolution_nm[0]
    dark = int((voxels - encoder.spec.cutout.size // 2 >= black_from).sum())
    assert 0 < dark < len(voxels)
    assert table.provenance.skipped_outside == dark
    assert len(table) == len(voxels) - dark
    assert (table.embeddings[:, 0] > 0).all()
