"""Directories and members of ZIP archives, against those that the standard library writes."""

import io
import struct
import zipfile

import numpy as np
import pytest

from segclr.errors import ReleaseError
from segclr.release.zip_directory import read_directory
from segclr.release.zip_member import ShardChanged, unpacked
from tests.segclr.release.replica import zip_of

IDS = [864691135293126156, 2**63 + 5, 3, 1014493630, 2**64 - 1]
FILES = {f"{segment_id}.csv": f"file of {segment_id} ".encode() * (at * 300 + 1) for at, segment_id in enumerate(IDS)}


@pytest.fixture
def put(replica):
    """Puts a file on the server and returns its address."""

    def put(content: bytes) -> str:
        replica.files["/r/7.zip"] = content
        return f"{replica.url}/r/7.zip"

    return put


def content_of(http, url, segment_id: int) -> bytes:
    directory = read_directory(http, url)
    return b"".join(unpacked(http, url, directory, directory.find(segment_id)))


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_members_come_as_the_standard_library_packed_them(http, put, compression):
    url = put(zip_of(FILES, compression))
    directory = read_directory(http, url)
    assert directory.members["segment_id"].tolist() == sorted(IDS)
    for segment_id in IDS:
        assert content_of(http, url, segment_id) == FILES[f"{segment_id}.csv"]
    for other in (0, 4, 864691135293126157, 2**63 + 4):
        assert directory.find(other) is None


def test_one_segment_of_a_large_shard_is_a_small_read(replica, http, put):
    filler = np.random.default_rng(1).bytes(3_000_000)
    url = put(zip_of({"5.csv": filler, **FILES, "6.csv": filler}))
    content_of(http, url, IDS[0])
    assert len(replica.requests) == 2
    assert replica.bytes_sent() < 70_000


def test_a_directory_longer_than_the_first_read_is_completed(replica, http, put):
    names = {f"{864691135000000000 + at}.csv": b"%d" % at for at in range(2000)}
    url = put(zip_of(names))
    directory = read_directory(http, url)
    assert len(directory.members) == 2000
    assert len(replica.requests) == 2
    assert content_of(http, url, 864691135000001234) == b"1234"


def test_sizes_and_counts_beyond_32_bits_are_understood(http, put, monkeypatch):
    # the library then writes the fields of large archives into this small one
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    url = put(zip_of(FILES))
    monkeypatch.undo()
    for segment_id in IDS:
        assert content_of(http, url, segment_id) == FILES[f"{segment_id}.csv"]


def test_a_member_header_may_be_longer_than_the_directory_says(http, put):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as writer:
        info = zipfile.ZipInfo("12.csv")
        info.extra = struct.pack("<2H", 0xCAFE, 500) + bytes(500)
        writer.writestr(info, b"hello")
    assert content_of(http, put(archive.getvalue()), 12) == b"hello"


def test_what_is_no_segment_is_left_out(http, put):
    others = {"README": b"read me", "x/": b"", "012.csv": b"", "18446744073709551616.csv": b"", "-1.csv": b""}
    url = put(zip_of(others | FILES))
    assert read_directory(http, url).members["segment_id"].tolist() == sorted(IDS)


def test_an_empty_shard_has_no_segment(http, put):
    assert len(read_directory(http, put(zip_of({}))).members) == 0


def test_an_archive_with_a_comment_is_read(http, put):
    archive = io.BytesIO(zip_of(FILES))
    with zipfile.ZipFile(archive, "a") as writer:
        writer.comment = b"made PK\5\6 by hand" * 50
    assert len(read_directory(http, put(archive.getvalue())).members) == len(IDS)


def test_a_large_member_is_read_and_unpacked_in_pieces(replica, http, put, monkeypatch):
    monkeypatch.setattr("segclr.release.zip_member._AT_ONCE", 1000)
    noise, zeros = np.random.default_rng(1).bytes(20_500), bytes(100_000)
    url = put(zip_of({"3.csv": noise, "4.csv": zeros}))
    directory = read_directory(http, url)
    blocks = list(unpacked(http, url, directory, directory.find(3)))
    assert b"".join(blocks) == noise
    assert max(map(len, blocks)) <= 1000
    blocks = list(unpacked(http, url, directory, directory.find(4)))
    assert b"".join(blocks) == zeros
    assert max(map(len, blocks)) <= 1000


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda content: b"<html>this is no archive</html>" * 9, "is no ZIP archive, or cut short"),
        (lambda content: content[: len(content) // 2], "is no ZIP archive, or cut short"),
        (lambda content: b"more" + content, "its directory should reach byte"),
        (lambda content: content.replace(b"PK\1\2", b"PK\1\3"), "entry 1 of its directory is none"),
        (lambda content: content[:-12] + b"\x09\0\x09\0" + content[-8:], "has 5 entries, but should have"),
    ],
)
def test_a_damaged_directory_is_said(http, put, damage, says):
    def with_wrong_count(content: bytes) -> bytes:
        end = content.rfind(b"PK\5\6")
        return content[: end + 8] + struct.pack("<2H", 9, 9) + content[end + 12 :]

    content = zip_of(FILES)
    url = put(with_wrong_count(content) if "entries" in says else damage(content))
    with pytest.raises(ReleaseError, match=says) as caught:
        read_directory(http, url)
    assert url in str(caught.value)


def test_an_empty_file_is_said(http, put):
    with pytest.raises(ReleaseError, match="cut short"):
        read_directory(http, put(b""))


def test_a_segment_that_is_there_twice_is_said(http, put):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("12.csv", b"a")
        with pytest.warns(UserWarning, match="Duplicate"):
            writer.writestr("12.csv", b"b")
    with pytest.raises(ReleaseError, match=r"holds 12\.csv twice"):
        read_directory(http, put(archive.getvalue()))


def patched(content: bytes, at: int, value: bytes) -> bytes:
    return content[:at] + value + content[at + len(value) :]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c, start: patched(c, start + 14 + 30 + 22, b"\xff\xff\xff\xff"), "damaged"),  # the packed bytes
        (lambda c, start: patched(c, start, b"PK\7\7"), "the shard's directory leads to something else"),
        (lambda c, start: patched(c, start + 30, b"9"), "the shard's directory leads to something else"),
        (lambda c, start: patched(c, start + 26, b"\x17"), "the shard's directory leads to something else"),
        (lambda c, start: patched(c, c.find(b"PK\1\2") + 16, b"\0\0\0\0"), "its checksum or its size"),
        (lambda c, start: patched(c, c.find(b"PK\1\2") + 24, b"\1\0\0\0"), "unpacks to more than the 1 bytes"),
        (lambda c, start: patched(c, c.find(b"PK\1\2") + 20, b"\5\0\0\0"), "it ends too early"),
        (lambda c, start: patched(c, c.find(b"PK\1\2") + 10, b"\x0c\0"), "packed by method 12"),
        (lambda c, start: patched(c, c.find(b"PK\1\2") + 8, b"\1\0"), "encrypted or lies outside"),
        (lambda c, start: patched(c, c.find(b"PK\1\2") + 42, b"\xff\xff\xff\0"), "encrypted or lies outside"),
    ],
)
def test_a_damaged_member_is_said_and_never_read_as_another(http, put, change, says):
    content = zip_of({"864691135293126156.csv": np.random.default_rng(2).bytes(900)})
    url = put(change(content, 0))
    with pytest.raises(ReleaseError, match=says) as caught:
        content_of(http, url, 864691135293126156)
    assert "7.zip" in str(caught.value)
    assert "864691135293126156.csv" in str(caught.value)


def test_a_shard_that_was_replaced_is_noticed_before_a_byte_of_it_is_used(http, put):
    url = put(zip_of(FILES))
    directory = read_directory(http, url)
    put(zip_of(FILES | {"77.csv": b"new"}))
    with pytest.raises(ShardChanged):
        next(unpacked(http, url, directory, directory.find(3)))
