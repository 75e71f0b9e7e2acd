"""The wire: golden messages that the page reads too, and frames that are refused with one sentence."""

import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from segclr_viewer.wire.answers import ToPage
from segclr_viewer.wire.labelling import LabelRequest
from segclr_viewer.wire.messages import BadMessage, ToServer, decode, encode
from segclr_viewer.wire.selecting import SegmentsRequest

WIRE = Path(__file__).resolve().parents[2] / "wire"
TO_PAGE = sorted((WIRE / "to_page").glob("*.json"))
TO_SERVER = sorted((WIRE / "to_server").glob("*.json"))


def tag_of(struct: type) -> object:
    return msgspec.inspect.type_info(struct).tag  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", TO_PAGE, ids=lambda path: path.stem)
def test_what_is_sent_to_the_page_looks_like_the_golden_message(path: Path) -> None:
    message = msgspec.json.decode(path.read_bytes(), type=ToPage)
    assert json.loads(encode(message)) == json.loads(path.read_text())


@pytest.mark.parametrize("path", TO_SERVER, ids=lambda path: path.stem)
def test_what_the_page_sends_is_understood_whole(path: Path) -> None:
    message = decode(path.read_bytes())
    assert json.loads(msgspec.json.encode(message)) == json.loads(path.read_text())


@pytest.mark.parametrize(("paths", "union"), [(TO_PAGE, ToPage), (TO_SERVER, ToServer)], ids=["to page", "to server"])
def test_every_message_has_a_golden_example(paths: list[Path], union: object) -> None:
    assert [path.stem for path in paths] == sorted(str(tag_of(struct)) for struct in get_args(union))


def golden_request(name: str, **changes: object) -> bytes:
    message = json.loads((WIRE / "to_server" / f"{name}.json").read_text())
    return json.dumps(message | changes).encode()


def test_segment_ids_beyond_javascript_numbers_stay_exact() -> None:
    message = decode(golden_request("segments", ids=[str(2**63 + 5), str(2**64 - 1)]))
    assert isinstance(message, SegmentsRequest)
    assert [int(text) for text in message.ids] == [2**63 + 5, 2**64 - 1]


def test_a_label_is_taken_back_with_a_null_class() -> None:
    message = decode(golden_request("label", **{"class": None}))
    assert isinstance(message, LabelRequest)
    assert message.class_id is None


@pytest.mark.parametrize(
    ("frame", "what"),
    [
        (b"{", "truncated"),
        (b'{"type": "\xff"}', "utf-8"),
        (b'{"type": "drop"}', "drop"),
        (b"[]", "object"),
        (golden_request("undo", request=""), "request"),
        (golden_request("undo", request="x" * 65), "request"),
        (golden_request("undo", more=1), "more"),
        (golden_request("segments", ids=[720575940600004885]), "str"),
        (golden_request("segments", ids=[str(2**64)]), "64-bit"),
        (golden_request("segments", ids=["-5"]), "regex"),
        (golden_request("label", target={}), "either a row, a place"),
        (golden_request("label", target={"row": 1, "place": 2}), "either a row, a place"),
        (golden_request("label", target={"row": -1}), "row"),
        (golden_request("label", target={"position_nm": [1, 2, 3]}), "needs its segment"),
        (golden_request("label", target={"position_nm": [1, 2, 3], "segment_id": str(2**64)}), "64-bit"),
        (
            golden_request("label", target={"row": 1, "position_nm": [1, 2, 3], "segment_id": "5"}),
            "either a row",
        ),
        (golden_request("label", provenance="import"), "import"),
        (golden_request("embed", position_nm=[1.0, 2.0]), "length 3"),
        (golden_request("lasso", polygon=[[0, 0], [1, 1]]), "length"),
        (b'{"type":"embed","request":"a","position_nm":[1,2,NaN]}', "malformed"),
    ],
)
def test_a_bad_frame_is_refused_with_one_sentence(frame: bytes, what: str) -> None:
    with pytest.raises(BadMessage, match=what) as caught:
        decode(frame)
    assert "reload the page" in str(caught.value)
    assert "\n" not in str(caught.value)
