"""Neighbours of single rows: the search that the app opens, beside comparing all rows and other kinds of index."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.explore.data import Sample, scaled
from benchmarks.explore.timing import Each, each, timed
from benchmarks.report import Row
from segclr.explore.faiss_index import PROBES, built_index, faiss_installed
from segclr.explore.neighbours import EXACT_ROWS, Neighbours, NeighbourSearch, Wanted
from segclr.explore.partition import make_partition

METRIC = "cosine"
COUNT = 10


def measure(rows: Sample, sizes: tuple[int, ...], quick: bool) -> list[Row]:
    """Ask for the neighbours of rows of tables of some sizes."""
    found = []
    for size in sizes:
        found += _of_table(scaled(rows, size, seed=4), 100 if quick else 1000)
    return found


def _of_table(table: Sample, asked: int) -> list[Row]:
    rows = np.random.default_rng(0).integers(0, len(table), asked)
    exact = NeighbourSearch(table.embeddings, METRIC)
    few = rows[: max(20, asked // 5)]
    wanted = Wanted(COUNT)
    truth, calls = _asked(partial(exact.like_row, wanted=wanted), few)
    name = f"{len(table):,} rows"
    found = [
        Row(f"{name}: neighbours by comparing all", float(np.percentile(calls.wall_ms, 99)), "ms", "", calls.note())
    ]
    if len(table) > EXACT_ROWS and faiss_installed():
        found += _with_index(table, exact, truth, rows, len(few))
    classes = np.bincount(table.classes)
    allowed = table.classes == int(classes.argmin())
    _, filtered = _asked(partial(exact.like_row, wanted=Wanted(COUNT, allowed, table.cells)), few)
    what = f"{name}: of the rarest class ({classes.min() / len(table):.1%}), each cell once, exact"
    found.append(Row(what, float(np.percentile(filtered.wall_ms, 99)), "ms", "", filtered.note()))
    graph_rows = table.embeddings[: min(len(table), 100_000)]
    _, took = timed(lambda: make_partition(graph_rows).nearest(graph_rows, 15, probes=64))
    found.append(
        Row(f"graph of {len(graph_rows):,} rows, 15 neighbours", took.wall, "s", "", f"{took.cpu:.0f} s of CPU")
    )
    return found


def _with_index(
    table: Sample, exact: NeighbourSearch, truth: list[Neighbours], rows: NDArray[np.int64], judged: int
) -> list[Row]:
    name = f"{len(table):,} rows"
    index, took = timed(lambda: built_index(table.embeddings, METRIC))
    search = NeighbourSearch(table.embeddings, METRIC, index)
    answers, calls = _asked(partial(search.like_row, wanted=Wanted(COUNT)), rows)
    budget = "<= 10 s" if len(table) == 1_000_000 else ""
    found = [
        Row(f"{name}: index built", took.wall, "s", budget, f"{took.cpu:.1f} s of CPU; IVF1024,SQ8, {PROBES} probes"),
        Row(
            f"{name}: neighbours by the index, p99",
            float(np.percentile(calls.wall_ms, 99)),
            "ms",
            "<= 2 ms",
            calls.note(),
        ),
        Row(
            "- recall of the 10 nearest", 100 * _recall(truth, answers[:judged]), "%", ">= 98 %", "distances are exact"
        ),
    ]
    once = Wanted(COUNT, cells=table.cells)
    expected, _ = _asked(partial(exact.like_row, wanted=once), rows[:judged])
    answers, calls = _asked(partial(search.like_row, wanted=once), rows)
    found.append(Row("- each cell once, p99", float(np.percentile(calls.wall_ms, 99)), "ms", "", calls.note()))
    found.append(Row("- recall", 100 * _recall(expected, answers[:judged]), "%", "", ""))
    means = [np.flatnonzero(table.cells == table.cells[row])[:200] for row in rows[:100]]
    _, calls = _asked(partial(search.like_rows, wanted=once), means)
    found.append(
        Row(
            "- of the mean of a cell's up to 200 nodes, p99",
            float(np.percentile(calls.wall_ms, 99)),
            "ms",
            "",
            calls.note(),
        )
    )
    return found


def _asked(
    ask: Callable[..., Neighbours], questions: Iterable[int | NDArray[np.int64]]
) -> tuple[list[Neighbours], Each]:
    answers: list[Neighbours] = []
    calls = each([lambda question=question: answers.append(ask(question)) for question in questions])
    return answers, calls


def _recall(truth: list[Neighbours], found: list[Neighbours]) -> float:
    """The share of the true neighbours that was found; one equally far counts as well."""
    hits = [
        np.count_nonzero(b.distances <= a.distances[-1] * (1 + 1e-6)) / len(a)
        for a, b in zip(truth, found, strict=True)
    ]
    return float(np.mean(hits))
