"""The UMAPs beside a table: listed with what they were fitted to, opened by their stamp."""

import os
import queue
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segclr.em.cutout import CutoutSpec
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table
from segclr.errors import LayoutError
from segclr.explore.fitted import FittedLayout, Source
from segclr.explore.layout import make_layout
from segclr.explore.settings import LayoutSettings
from segclr_viewer.growing_table import GrowingTable
from segclr_viewer.kept_layouts import KeptLayouts
from segclr_viewer.layout_job import LayoutOrder, file_of
from segclr_viewer.ports import LayoutWish
from segclr_viewer.scatter import Scatter


def table_of(rows: int, version_seed: int = 0) -> EmbeddingTable:
    rng = np.random.default_rng(version_seed)
    provenance = Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0")
    segments = np.full(rows, 2**63 + 5, np.uint64)
    edges = np.zeros((0, 2), np.int64)
    places, embeddings = rng.normal(size=(rows, 3)), np.ones((rows, 6))
    return build_table(segments, np.arange(rows), places, embeddings, edges, provenance)


class Kept:
    """Kept layouts of a table of equal rows, which are laid out without a fit, so that umap is not loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.table = folder, table_of(60)
        self.table.save(folder)
        self.posted: queue.Queue[Callable[[], None]] = queue.Queue()
        self.layouts = KeptLayouts(folder, self.table, Scatter(self.table), self.posted.put)

    def keep(self, stamp: str, age: int, source: Source | None = None) -> FittedLayout:
        layout = make_layout("umap", np.random.default_rng(age).normal(size=(60, 2)), np.arange(60))
        segments, spread = np.repeat(self.table.segment_ids, 60), np.zeros(60, np.float32)
        fitted = FittedLayout(layout, LayoutSettings(seed=age), stamp, segments, self.table.node_ids, spread)
        fitted = replace(fitted, source=source or Source(self.table.version))
        fitted.save(file_of(self.folder, stamp))
        os.utime(file_of(self.folder, stamp), (1e9 - age, 1e9 - age))
        return fitted

    def fit(self, wish: LayoutWish, earlier: str = "") -> FittedLayout:
        made: list[FittedLayout] = []
        said: list[str] = []
        self.layouts.fit(wish, earlier, made.append, said.append, lambda text, share: None)
        while not made and not said:
            self.posted.get(timeout=60)()
        assert said == []
        return made[0]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def test_the_newest_comes_first_with_what_it_was_fitted_to(kept: Kept) -> None:
    kept.keep("old", 200)
    source = Source(kept.table.version, 3.5, "cell type")
    kept.keep("new", 100, source)
    assert [each.stamp for each in kept.layouts.kept()] == ["new", "old"]
    newest = kept.layouts.kept()[0]
    assert (newest.source, newest.settings.seed, newest.fitted_at) == (source, 100, "2001-09-09T01:45:00+00:00")


def test_those_of_other_tables_and_damaged_ones_are_not_listed(kept: Kept) -> None:
    kept.keep("other", 1, Source("another version"))
    kept.keep("unknown", 2, Source())
    file_of(kept.folder, "half").write_bytes(b"half a file")
    assert kept.layouts.kept() == []


def test_those_of_a_part_of_the_points_are_not_listed_but_fitted_again(kept: Kept) -> None:
    kept.keep("sampled", 1)
    sampled = Scatter(kept.table, most=50, sample=20)
    assert [each.stamp for each in kept.layouts.kept()] == ["sampled"]
    assert KeptLayouts(kept.folder, kept.table, sampled, kept.posted.put).kept() == []


def test_the_usual_one_of_an_earlier_release_is_listed(kept: Kept) -> None:
    usual = kept.layouts.stamp_of(LayoutWish())
    kept.keep(usual, 1, Source())
    assert [each.stamp for each in kept.layouts.kept()] == [usual]


def test_one_that_is_gone_or_of_another_table_is_refused_in_a_sentence(kept: Kept) -> None:
    with pytest.raises(LayoutError, match="cannot be read any more"):
        kept.layouts.opened("gone")
    kept.keep("there", 1)
    assert len(kept.layouts.opened("there").layout.xy) == 60
    with pytest.raises(LayoutError, match="of another table"):
        KeptLayouts(kept.folder, table_of(20), Scatter(table_of(20)), kept.posted.put).opened("there")


def test_a_fit_is_kept_with_its_source_under_the_stamp_that_was_asked_for(kept: Kept) -> None:
    wish = LayoutWish(LayoutSettings(neighbours=5), radius_um=1.0)
    made = kept.fit(wish)
    assert made.stamp == kept.layouts.stamp_of(wish)
    assert [each.stamp for each in kept.layouts.kept()] == [made.stamp]
    assert kept.layouts.opened(made.stamp).source == Source(kept.table.version, 1.0, "")


def test_what_was_shown_last_is_remembered(kept: Kept) -> None:
    assert kept.layouts.remembered() == ""
    kept.layouts.remember("a7d1e6c0249b8f35")
    assert kept.layouts.remembered() == "a7d1e6c0249b8f35"


def test_a_deleted_one_is_gone_from_the_disk_and_the_others_stay(kept: Kept) -> None:
    kept.keep("old", 200)
    kept.keep("new", 100)
    kept.layouts.drop("old")
    kept.layouts.drop("old")
    assert [each.stamp for each in kept.layouts.kept()] == ["new"]
    assert not file_of(kept.folder, "old").exists()
    with pytest.raises(LayoutError):
        kept.layouts.opened("old")


def grown_table(rows: int) -> EmbeddingTable:
    """A table of cells of ten rows whose ids descend, so that every later cell comes before the others."""
    rng = np.random.default_rng(5)
    embeddings = rng.normal(size=(200, 6))[-rows:]
    cells = np.repeat(2**63 + 5 + np.arange(20, dtype=np.uint64), 10)[-rows:]
    nodes = np.tile(np.arange(10), 20)[-rows:]
    provenance = Provenance("9f86", CutoutSpec(33, (32.0, 32.0, 40.0)), "/em", "/seg", "test", "0")
    return build_table(cells, nodes, rng.normal(size=(rows, 3)), embeddings, np.zeros((0, 2), np.int64), provenance)


def test_a_layout_is_taken_over_to_the_table_with_the_segments_that_have_come_since(tmp_path: Path) -> None:
    before, now = grown_table(60), grown_table(90)
    usual = LayoutOrder(tmp_path)
    layout = make_layout("umap", before.embeddings[:, :2], np.arange(60))
    segments, spread = before.segment_of_rows(np.arange(60)), np.zeros(60, np.float32)
    fitted = FittedLayout(layout, LayoutSettings(), usual.stamp(before), segments, before.node_ids, spread)
    fitted = replace(fitted, source=Source(before.version))
    fitted.save(file_of(tmp_path, fitted.stamp))
    table = GrowingTable.begin(now)
    layouts = KeptLayouts(tmp_path, table, Scatter(table, table_grows=True), lambda job: None)
    layouts.remember(fitted.stamp)
    assert layouts.kept() == []
    layouts.carry_over()
    (found,) = layouts.kept()
    assert found.stamp == layouts.remembered() == usual.stamp(now)
    xy = layouts.opened(found.stamp).layout.xy
    np.testing.assert_allclose(xy[30:], layout.xy, atol=1e-6)
    nearest = np.linalg.norm(before.embeddings[None] - now.embeddings[:30, None], axis=2).argmin(axis=1)
    by_neighbour = np.linalg.norm(xy[:30] - layout.xy[nearest], axis=1)
    assert np.median(by_neighbour) < 0.5 * np.median(np.linalg.norm(xy[:30] - layout.xy[nearest[::-1]], axis=1))
    layouts.carry_over()
    assert len(layouts.kept()) == 1


def test_a_layout_of_a_few_of_the_cells_is_not_taken_over_to_many(tmp_path: Path) -> None:
    before, now = grown_table(60), grown_table(180)
    layout = make_layout("umap", before.embeddings[:, :2], np.arange(60))
    segments, spread = before.segment_of_rows(np.arange(60)), np.zeros(60, np.float32)
    fitted = FittedLayout(layout, LayoutSettings(), "few", segments, before.node_ids, spread)
    replace(fitted, source=Source(before.version)).save(file_of(tmp_path, "few"))
    table = GrowingTable.begin(now)
    layouts = KeptLayouts(tmp_path, table, Scatter(table, table_grows=True), lambda job: None)
    layouts.remember("few")
    layouts.carry_over()
    assert (layouts.kept(), layouts.remembered()) == ([], "few")


def test_a_layout_of_other_cells_is_not_taken_over(tmp_path: Path) -> None:
    layout = make_layout("umap", np.random.default_rng(0).normal(size=(60, 2)), np.arange(60))
    segments, spread = np.arange(1, 61, dtype=np.uint64), np.zeros(60, np.float32)
    fitted = FittedLayout(layout, LayoutSettings(), "other", segments, np.zeros(60, np.int64), spread)
    replace(fitted, source=Source("another version")).save(file_of(tmp_path, "other"))
    table = GrowingTable.begin(grown_table(60))
    layouts = KeptLayouts(tmp_path, table, Scatter(table, table_grows=True), lambda job: None)
    layouts.carry_over()
    assert layouts.kept() == []
    layouts.remember("other")
    layouts.carry_over()
    assert (layouts.kept(), layouts.remembered()) == ([], "other")
