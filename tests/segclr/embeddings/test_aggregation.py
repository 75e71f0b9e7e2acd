"""Aggregation against shortest paths found one by one."""

import heapq

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec
from segclr.embeddings import neighbourhoods
from segclr.embeddings.aggregation import aggregate, aggregate_place
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table

BIG = 2**63 + 5
MADE = Provenance("0" * 16, CutoutSpec(33, (32.0, 32.0, 40.0)), None, "s", "a test", "0")


def table_of(
    segments: list[int], positions_nm: list[list[float]], edges: list[list[int]], seed: int = 0
) -> EmbeddingTable:
    n = len(segments)
    embeddings = np.random.default_rng(seed).normal(size=(n, 4)).astype(np.float32)
    return build_table(
        np.array(segments, np.uint64),
        np.arange(n),
        np.array(positions_nm, np.float64),
        embeddings,
        np.array(edges, np.int64).reshape(-1, 2),
        MADE,
    )


def random_table(seed: int) -> EmbeddingTable:
    """Five segments in one place: two trees in several pieces, one with loops, one without edges, one of one node."""
    rng = np.random.default_rng(seed)
    segments, positions, edges = [], [], []
    for segment, size in ((7, 60), (BIG, 45), (BIG + 1, 40), (9, 30), (11, 1)):
        first = len(segments)
        spots = rng.uniform(0, 1, (size, 3)) * [9000, 6000, 4000]
        for index in range(size):
            segments.append(segment)
            if segment != 9 and index and rng.random() < 0.93:  # else another piece begins
                near = first + int(rng.integers(max(0, index - 4), index))
                edges.append([first + index, near])
                spots[index] = positions[near] + rng.normal(size=3) * [900, 700, 500]
            positions.append(spots[index])
        if segment == BIG + 1:
            edges += [[first + a, first + b] for a, b in ((2, 30), (5, 11), (5, 12), (20, 39)) if a != b]
    return table_of(segments, [list(map(float, spot)) for spot in positions], edges, seed)


def slow_distances(table: EmbeddingTable, row: int) -> dict[int, float]:
    """Distance of every row of the same segment that can be reached, by Dijkstra's algorithm on dictionaries."""
    segment = int(table.segment_of_rows(np.array([row]))[0])
    rows = table.rows_of(segment)
    links: dict[int, list[tuple[int, float]]] = {}
    for a, b in table.edges.tolist():
        length = float(np.linalg.norm(table.positions_nm[a] - table.positions_nm[b]))
        links.setdefault(a, []).append((b, length))
        links.setdefault(b, []).append((a, length))
    if not any(other in links for other in range(rows.start, rows.stop)):
        apart = np.linalg.norm(table.positions_nm[rows] - table.positions_nm[row], axis=1)
        return {rows.start + index: float(distance) for index, distance in enumerate(apart)}
    found: dict[int, float] = {}
    heap = [(0.0, row)]
    while heap:
        distance, at = heapq.heappop(heap)
        if at not in found:
            found[at] = distance
            for onto, length in links.get(at, []):
                heapq.heappush(heap, (distance + length, onto))
    return found


def slow_means(table: EmbeddingTable, radius_um: float) -> NDArray[np.float64]:
    means = []
    for row in range(len(table)):
        within = [other for other, nm in slow_distances(table, row).items() if nm <= radius_um * 1000 * (1 + 1e-9)]
        means.append(table.embeddings[within].astype(np.float64).mean(axis=0))
    return np.array(means)


@pytest.mark.parametrize("radius_um", [0.3, 1.5, 4.0, 1000.0])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_means_are_those_of_paths_followed_one_by_one(seed: int, radius_um: float) -> None:
    table = random_table(seed)
    np.testing.assert_allclose(aggregate(table, radius_um), slow_means(table, radius_um), atol=2e-6)


def test_blocks_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    table = random_table(5)
    expected = slow_means(table, 2.0)
    monkeypatch.setattr(neighbourhoods, "_TREE_BLOCK", 7)
    monkeypatch.setattr(neighbourhoods, "_LOOP_BLOCK", 3)
    monkeypatch.setattr(neighbourhoods, "_SMALL_SEGMENTS", 4)
    monkeypatch.setattr(neighbourhoods, "_SPACE_BLOCK", 5)
    monkeypatch.setattr(neighbourhoods, "_CROWD_BLOCK", 6)
    np.testing.assert_allclose(aggregate(table, 2.0), expected, atol=2e-6)
    monkeypatch.setattr(neighbourhoods, "_MOST_PAIRS", 5)
    np.testing.assert_allclose(aggregate(table, 2.0), expected, atol=2e-6)


@pytest.mark.parametrize("radius_um", [0.4, 3.0])
def test_segments_without_edges_are_searched_together_and_keep_apart(radius_um: float) -> None:
    rng = np.random.default_rng(8)
    sizes = {2: 1, 3: 25, 5: 2, BIG: 60, BIG + 1: 9}
    segments = [segment for segment, size in sizes.items() for _ in range(size)]
    spots = rng.uniform(0, 1, (len(segments), 3)) * [4000, 2500, 1500]
    table = table_of(segments, spots.tolist(), [])
    np.testing.assert_allclose(aggregate(table, radius_um), slow_means(table, radius_um), atol=2e-6)


def test_a_crowd_is_not_listed_as_pairs_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    spots = np.random.default_rng(1).uniform(0, 1, (300, 3)) * [900, 700, 500]
    table = table_of([BIG] * 300, spots.tolist(), [])
    monkeypatch.setattr(neighbourhoods, "_MOST_PAIRS", 2000)
    assert max(len(pairs.source) for pairs in neighbourhoods.pairs_within(table, 5000.0)) <= 2000 + 300
    np.testing.assert_allclose(aggregate(table, 5.0), [table.embeddings.mean(axis=0)] * 300, atol=1e-6)


def test_rows_near_a_loop_and_rows_far_from_it_are_told_apart_exactly() -> None:
    rng = np.random.default_rng(4)
    n = 80
    spots = np.cumsum(rng.normal(size=(n, 3)) * [300, 250, 200] + [400, 0, 0], axis=0)
    path = [[node, node + 1] for node in range(n - 1)]
    table = table_of([BIG] * n, spots.tolist(), [*path, [30, 34], [60, 62]])
    for radius_um in (0.5, 2.0, 6.0):
        np.testing.assert_allclose(aggregate(table, radius_um), slow_means(table, radius_um), atol=2e-6)


def test_a_radius_of_zero_is_the_embeddings_themselves() -> None:
    table = random_table(0)
    assert aggregate(table, 0.0) is table.embeddings


def test_the_table_itself_is_left_alone() -> None:
    table = random_table(0)
    before = table.embeddings.copy()
    aggregate(table, 3.0)
    np.testing.assert_array_equal(table.embeddings, before)


@pytest.mark.parametrize("radius_um", [-1.0, float("nan"), float("inf")])
def test_a_radius_that_makes_no_sense_is_refused(radius_um: float) -> None:
    with pytest.raises(ValueError, match="radius"):
        aggregate(random_table(0), radius_um)


def test_a_u_bend_is_long_along_the_skeleton_and_short_through_space() -> None:
    bend = [[0.0, 0, 0], [3000, 0, 0], [3000, 1000, 0], [0, 1000, 0]]
    along = table_of([BIG] * 4, bend, [[0, 1], [1, 2], [2, 3]])
    np.testing.assert_allclose(aggregate(along, 1.5)[0], along.embeddings[0], atol=1e-7)
    across = table_of([BIG] * 4, bend, [])
    np.testing.assert_allclose(aggregate(across, 1.5)[0], across.embeddings[[0, 3]].mean(axis=0), atol=1e-7)


def test_a_node_exactly_at_the_radius_is_within_it_from_both_ends() -> None:
    chain = table_of([7] * 4, [[x, 0.0, 0.0] for x in (0.1, 0.4, 0.7000001, 1.1)], [[0, 1], [1, 2], [2, 3]])
    length_um = 1.0 / 1000
    for row in (0, 3):
        np.testing.assert_allclose(aggregate(chain, length_um)[row], chain.embeddings.mean(axis=0), atol=1e-7)


def test_nodes_on_the_same_spot_are_neighbours() -> None:
    for loop in ([], [[0, 2]]):
        table = table_of([7] * 3, [[5.0, 5, 5]] * 3, [[0, 1], [1, 2], *loop])
        np.testing.assert_allclose(aggregate(table, 0.001), [table.embeddings.mean(axis=0)] * 3, atol=1e-7)
    apart = table_of([7, 7, 9], [[5.0, 5, 5]] * 3, [])
    np.testing.assert_allclose(aggregate(apart, 0.001)[2], apart.embeddings[2])


def test_of_two_ways_round_a_loop_the_shorter_counts() -> None:
    square = table_of(
        [7] * 4, [[0.0, 0, 0], [1000, 0, 0], [1000, 1500, 0], [0, 1500, 0]], [[0, 1], [1, 2], [2, 3], [3, 0]]
    )
    np.testing.assert_allclose(aggregate(square, 1.6)[0], square.embeddings[[0, 1, 3]].mean(axis=0), atol=1e-7)


def test_an_empty_table_is_aggregated_to_nothing() -> None:
    assert aggregate(table_of([7], [[0.0, 0, 0]], []), 5.0).shape == (1, 4)
    empty = build_table(
        np.empty(0, np.uint64), np.empty(0, np.int64), np.empty((0, 3)), np.empty((0, 4), np.float32),
        np.empty((0, 2), np.int64), MADE,
    )  # fmt: skip
    assert aggregate(empty, 5.0).shape == (0, 4)


@pytest.mark.parametrize("radius_um", [0.0, 0.3, 1.5, 4.0])
def test_a_place_on_a_node_has_that_nodes_mean(radius_um: float) -> None:
    table = random_table(3)
    means = aggregate(table, radius_um)
    for row, segment in enumerate(table.segment_of_rows(np.arange(len(table))).tolist()):
        x, y, z = table.positions_nm[row].tolist()
        place = aggregate_place(table, segment, (x, y, z), table.embeddings[row], radius_um)
        np.testing.assert_allclose(place, means[row], atol=2e-6)


def test_a_place_between_nodes_reaches_both_ways_and_counts_itself() -> None:
    chain = table_of([BIG] * 4, [[x, 0.0, 0.0] for x in (0, 2000, 4000, 6000)], [[0, 1], [1, 2], [2, 3]])
    own = np.array([1, 2, 3, 4], np.float32)
    place = aggregate_place(chain, BIG, (2900.0, 0.0, 0.0), own, 1.2)
    np.testing.assert_allclose(place, (chain.embeddings[1] + chain.embeddings[2] + own) / 3, atol=1e-6)


def test_a_place_far_from_all_nodes_is_its_own_embedding() -> None:
    table = random_table(3)
    own = np.array([1, 2, 3, 4], np.float32)
    for segment in (7, 9, 12345):
        np.testing.assert_array_equal(aggregate_place(table, segment, (9e6, 0.0, 0.0), own, 5.0), own)
    x, y, z = table.positions_nm[table.rows_of(9)][0].tolist()
    np.testing.assert_array_equal(aggregate_place(table, 9, (x + 0.9, y, z), own, 0.0005), own)


def test_a_place_takes_nothing_from_another_segment_on_the_same_spot() -> None:
    table = table_of([7, BIG], [[0.0, 0, 0], [0, 0, 0]], [])
    np.testing.assert_allclose(
        aggregate_place(table, BIG, (0.0, 0.0, 0.0), table.embeddings[1], 5), table.embeddings[1]
    )
