"""Reading ahead: the chunks that sections through a place show, each once, and meshes without being asked."""

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from segclr.em.geometry import XYZ, Box, Mip
from segclr.errors import VolumeUnavailable
from segclr_viewer.overlay.precomputed import CHUNK
from segclr_viewer.overlay.read_ahead import ReadAhead, chunks_round

MIP = Mip((32.0, 32.0, 40.0), Box((10, 20, 30), (10 + 300, 20 + 700, 30 + 200)))


@dataclass
class Recorder:
    """Stands for the EM, the overlay and the surfaces."""

    read: list[Box] = field(default_factory=list)
    meshed: list[int] = field(default_factory=list)
    fault: Exception | None = None
    mips: tuple[Mip, ...] = (MIP,)

    @property
    def segmentation(self) -> Any:
        return SimpleNamespace(mips=self.mips)

    def chunk(self, box: Box, mip: int) -> None:
        if self.fault:
            raise self.fault
        self.read.append(box)

    async def make_ahead(self, segment_id: int) -> None:
        self.meshed.append(segment_id)


def ahead(recorder: Recorder) -> ReadAhead:
    return ReadAhead(None, recorder, recorder)  # type: ignore[arg-type]


def test_the_chunks_are_those_of_the_grid_that_the_sections_cross() -> None:
    position: XYZ = (150 * 32.0, 400 * 32.0, 100 * 40.0)
    boxes = list(chunks_round(MIP, position))
    assert len(set(boxes)) == len(boxes)
    low, high = np.array(MIP.box.start), np.array(MIP.box.stop)
    for box in boxes:
        start, stop = np.array(box.start), np.array(box.stop)
        assert not ((start - low) % CHUNK).any()
        assert (stop == np.minimum(start + CHUNK, high)).all()
    at = np.array((150, 400, 100))
    assert (np.array(boxes[0].start) <= at).all()
    assert (at < np.array(boxes[0].stop)).all()
    crossed = [((np.array(b.start) <= at) & (at < np.array(b.stop))).any() for b in boxes]
    assert all(crossed)
    reach = 3500 / np.array(MIP.resolution_nm)
    for axis in range(3):
        covered = {(b.start[axis], b.stop[axis]) for b in boxes}
        assert min(start for start, _ in covered) <= max(at[axis] - reach[axis], low[axis])
        assert max(stop for _, stop in covered) >= min(at[axis] + reach[axis], high[axis])


def test_at_the_border_no_chunk_lies_outside() -> None:
    for position in ((0.0, 0.0, 0.0), (1e6, 1e6, 1e6)):
        for box in chunks_round(MIP, position):
            assert all(
                a <= s < e <= b for a, s, e, b in zip(MIP.box.start, box.start, box.stop, MIP.box.stop, strict=True)
            )


@pytest.mark.parametrize("fault", [None, VolumeUnavailable("gone")])
def test_all_segments_are_meshed_and_chunks_read_round_the_first(fault: Exception | None) -> None:
    recorder = Recorder(fault=fault)

    async def run() -> None:
        reader = ahead(recorder)
        reader.expect([(7, (5000.0, 13_000.0, 5000.0)), (2**63 + 5, (9000.0, 21_000.0, 5000.0))])
        assert reader._task is not None
        await reader._task

    asyncio.run(run())
    if fault is None:
        assert recorder.read == list(chunks_round(MIP, (5000.0, 13_000.0, 5000.0)))
        assert recorder.meshed == [7, 2**63 + 5]


def test_what_is_expected_anew_replaces_what_was_expected_before() -> None:
    recorder = Recorder()

    async def run() -> None:
        reader = ahead(recorder)
        reader.expect([(7, (5000.0, 13_000.0, 5000.0))])
        reader.expect([(8, (9000.0, 3000.0, 5000.0))])
        assert reader._task is not None
        await reader._task

    asyncio.run(run())
    assert recorder.meshed == [8]
    assert recorder.read == list(chunks_round(MIP, (9000.0, 3000.0, 5000.0)))
