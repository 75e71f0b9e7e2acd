"""``python -m benchmarks aggregation``: mean embeddings within a radius, for a million rows of made-up cells.

A neuron is a branching random walk with nodes 1.5 um apart along stiff branches; glia branch every few nodes and fill
their surroundings. The time is that of ``segclr.embeddings.aggregation.aggregate`` on a table in memory, the first call
included: searching, and averaging of 64 dimensions in float32.
"""

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks import report
from segclr.em.cutout import CutoutSpec
from segclr.embeddings.aggregation import aggregate
from segclr.embeddings.neighbourhoods import pairs_within
from segclr.embeddings.provenance import Provenance
from segclr.embeddings.table import EmbeddingTable, build_table

SPACING_NM = 1500.0
DIMENSIONS = 64
FIRST_SEGMENT = 2**63 + 5
BUDGET_S = 1.5  # for 10^6 rows of neurons at 10 um, on two cores
BUDGET_RADIUS_UM = 10.0


@dataclass(frozen=True, slots=True)
class Growth:
    """How cells branch: branches per node, and how far a branch turns at each node (0 is straight on)."""

    branching: float
    turning: float


NEURON = Growth(branching=0.01, turning=0.15)
GLIA = Growth(branching=0.1, turning=0.8)


@dataclass(frozen=True, slots=True)
class Case:
    """Cells to aggregate: `sizes` in nodes, in the proportions in which their rows fill the table."""

    name: str
    growth: Growth
    sizes: tuple[int, ...]
    edges: bool
    radius_um: float = BUDGET_RADIUS_UM
    has_budget: bool = False
    loop_each: bool = False


NEURONS = (1_000, 10_000, 100_000)
CASES = (
    Case("neurons of 1k, 10k and 100k nodes, along their skeletons", NEURON, NEURONS, True, has_budget=True),
    Case("the same, each with one small loop", NEURON, NEURONS, True, loop_each=True),
    Case("the same without edges, straight", NEURON, NEURONS, False, has_budget=True),
    Case("the same, along their skeletons", NEURON, NEURONS, True, 25.0),
    Case("the same without edges, straight", NEURON, NEURONS, False, 25.0),
    Case("glia of 10k nodes, along their skeletons", GLIA, (10_000,), True),
    Case("glia of 10k nodes without edges, straight", GLIA, (10_000,), False),
)


def grow(size: int, growth: Growth, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the nodes of a cell, (n, 3) in nm, and its edges, (n - 1, 2)."""
    starts = np.unique(np.append(0, rng.integers(1, size, int(size * growth.branching) + 1)))
    positions = np.zeros((size, 3))
    parents = np.arange(-1, size - 1)
    for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), size], strict=True):
        if start:
            parents[start] = rng.integers(start)
        first = rng.normal(size=3)
        way = first / np.linalg.norm(first) + np.cumsum(growth.turning * rng.normal(size=(stop - start, 3)), axis=0)
        steps = SPACING_NM * way / np.linalg.norm(way, axis=1, keepdims=True)
        positions[start:stop] = positions[parents[start]] * (start > 0) + np.cumsum(steps, axis=0)
    return positions, np.column_stack([parents[1:], np.arange(1, size)])


def made_up_table(case: Case, rows: int, seed: int = 0) -> EmbeddingTable:
    """Return a table of about so many rows, each size of cell having the same share of them."""
    rng = np.random.default_rng(seed)
    share = rows // len(case.sizes)
    sizes = [size for size in case.sizes for _ in range(max(1, share // size))]
    positions, edges, first = [], [], 0
    for size in sizes:
        nodes, links = grow(size, case.growth, rng)
        positions.append(nodes + rng.uniform(0, 1e6, 3))
        if case.loop_each:
            links = np.vstack([links, [[size // 2, size // 2 + 2]]])
        edges.append(links + first)
        first += size
    return build_table(
        np.repeat(FIRST_SEGMENT + np.arange(len(sizes), dtype=np.uint64), sizes),
        np.concatenate([np.arange(size) for size in sizes]),
        np.concatenate(positions),
        rng.standard_normal((first, DIMENSIONS), dtype=np.float32),
        np.concatenate(edges) if case.edges else np.empty((0, 2), np.int64),
        Provenance("0" * 16, CutoutSpec(129, (32.0, 32.0, 40.0)), None, "made up", "made up", "0"),
    )


def measure(case: Case, rows: int, repeats: int) -> list[report.Row]:
    """Aggregate and report per 10^6 rows; the least of the repeats, since others on the machine only ever add."""
    table = made_up_table(case, rows)
    per_million = 1e6 / len(table)
    neighbours = sum(len(pairs.source) for pairs in pairs_within(table, 1000 * case.radius_um)) / len(table)
    both, one, wall = [], [], []
    for _ in range(repeats):
        started = time.process_time(), time.thread_time(), time.perf_counter()
        aggregate(table, case.radius_um)
        both.append((time.process_time() - started[0]) * per_million)
        one.append((time.thread_time() - started[1]) * per_million)
        wall.append((time.perf_counter() - started[2]) * per_million)
    how = f"{neighbours:.0f} neighbours a row; least of {repeats}"
    what = f"{case.name}, {case.radius_um:g} um"
    budget = f"<= {BUDGET_S} s" if case.has_budget else ""
    load = os.getloadavg()[0]
    return [
        report.Row(f"{what}: CPU time", min(both), "s", budget, how),
        report.Row("- of which the thread that searches", min(one), "s", "", "the other thread adds the embeddings"),
        report.Row("- wall time", min(wall), "s", budget, f"load of the machine {load:.1f}"),
    ]


def main(arguments: list[str]) -> None:
    """Measure all cases, print the table, and write it as JSON if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks aggregation", description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the table to this file")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of each table; times are told per million")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args(arguments)
    rows = [row for case in CASES for row in measure(case, options.rows, options.repeats)]
    report.print_table(rows)
    if options.json:
        report.write_json(rows, options.json)
