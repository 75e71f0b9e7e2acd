"""Today's CAVE root ids as those of a release, with an answer of CAVE as it comes, recorded."""

import inspect
import json
from datetime import UTC, datetime, timedelta, timezone
from unittest.mock import create_autospec

import numpy as np
import pytest

from segclr.errors import ReleaseError, ReleaseUnavailable
from segclr.release.cave import PastRoots, open_cave, past_ids
from segclr.release.registry import release_named

# a cell proofread since, one that was left as it was, and one that CAVE does not know
MERGED, SAME, UNKNOWN = 864691136534887842, 864691135293126156, 2**63 + 5
ANSWER = (
    '{"past_id_map": {"864691136534887842": [864691135491639135, 864691135988665856, 864691134928303015], '
    '"864691135293126156": [864691135293126156]}, "future_id_map": {}}'
)


def recorded() -> dict[str, dict[int, list[int]]]:
    """The answer, its keys made whole numbers as caveclient does."""
    return {name: {int(root): ids for root, ids in of_root.items()} for name, of_root in json.loads(ANSWER).items()}


@pytest.fixture
def graph():
    fake = create_autospec(PastRoots, instance=True, spec_set=True)
    fake.get_past_ids.side_effect = lambda *_, **__: recorded()
    return fake


def asked_of(graph) -> tuple[np.ndarray, datetime]:
    """What CAVE was asked, once."""
    (call,) = graph.get_past_ids.call_args_list
    return call.args[0], call.kwargs["timestamp_past"]


def test_a_root_becomes_all_its_segments_of_that_time(graph):
    mapped = past_ids([MERGED, SAME, UNKNOWN, MERGED], graph, release_named("microns_v343"))
    assert dict(mapped.of_root) == {
        MERGED: (864691135491639135, 864691135988665856, 864691134928303015),
        SAME: (SAME,),
        UNKNOWN: (),
    }
    assert mapped.segment_ids == (864691135491639135, 864691135988665856, 864691134928303015, SAME)
    assert mapped.unknown == (UNKNOWN,)
    ids, at = asked_of(graph)
    assert (ids.dtype, ids.tolist()) == (np.uint64, [MERGED, SAME, UNKNOWN])
    assert at == datetime(2022, 2, 24, 8, 10, tzinfo=UTC)


def test_thousands_of_roots_are_asked_for_in_batches(graph):
    past_ids(range(1, 1203), graph, release_named("microns_v343"))
    assert [len(call.args[0]) for call in graph.get_past_ids.call_args_list] == [500, 500, 202]


def test_a_release_whose_time_nobody_knows_needs_it_to_be_named(graph):
    with pytest.raises(ReleaseError, match="of microns_v943 was taken from CAVE is not registered: give it"):
        past_ids([SAME], graph, release_named("microns_v943"))
    with pytest.raises(ReleaseError, match="time zone"):
        past_ids([SAME], graph, release_named("microns_v943"), datetime(2024, 1, 22))
    at = datetime(2024, 1, 22, 10, tzinfo=timezone(timedelta(hours=2)))
    past_ids([SAME], graph, release_named("microns_v943"), at)
    assert asked_of(graph)[1] == at


@pytest.mark.parametrize("failure", [ConnectionError("no route"), ValueError("500 server error"), KeyError("past")])
def test_cave_that_cannot_be_asked_is_one_sentence(graph, failure):
    graph.get_past_ids.side_effect = failure
    with pytest.raises(ReleaseUnavailable, match="CAVE cannot map 1 root ids"):
        past_ids([SAME], graph, release_named("microns_v343"))


def test_without_caveclient_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "caveclient", None)
    with pytest.raises(ReleaseUnavailable, match=r"pip install 'segclr-viewer\[cave\]'"):
        open_cave("minnie65_public")


def test_caveclient_still_has_the_interface_that_is_used_here():
    chunkedgraph = pytest.importorskip("caveclient.chunkedgraph", reason="caveclient is an optional extra")
    theirs = inspect.signature(chunkedgraph.ChunkedGraphClientV1.get_past_ids).parameters
    assert list(theirs)[1:4] == ["root_ids", "timestamp_past", "timestamp_future"]
