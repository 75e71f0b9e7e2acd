"""Parts of files from a server that has all the faults of a real one."""

import socket

import pytest

from segclr.errors import ReleaseError, ReleaseUnavailable
from segclr.release.http import Clock, Patience, RangeReader
from tests.segclr.release.replica import Fault

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def url(replica):
    replica.files["/folder/7.zip"] = CONTENT
    return f"{replica.url}/folder/7.zip"


def test_a_part_is_read_and_nothing_else(replica, http, url):
    part = http.read(url, 1000, 1777)
    assert (part.content, part.start, part.total) == (CONTENT[1000:1777], 1000, len(CONTENT))
    assert part.etag
    assert replica.bytes_sent() == 777


def test_the_end_of_a_file_is_read_without_knowing_its_size(http, url):
    part = http.tail(url, 100)
    assert (part.content, part.start, part.total) == (CONTENT[-100:], len(CONTENT) - 100, len(CONTENT))
    assert http.tail(url, 10**9).content == CONTENT


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 408])
def test_a_busy_server_is_asked_again_and_waited_for_longer_each_time(replica, http, clock, url, status):
    replica.fail("/folder", Fault("status", 4, status))
    assert http.read(url, 0, 10).content == CONTENT[:10]
    assert len(replica.requests) == 5
    assert len(clock.waits) == 4
    for wait, longest in zip(clock.waits, (0.5, 1, 2, 4), strict=True):
        assert longest / 2 <= wait <= longest


@pytest.mark.parametrize(
    ("told", "waited"), [("17", 17.0), ("Tue, 14 Nov 2023 22:13:40 GMT", 20.0), ("100000", 60.0), ("soon", 0.5)]
)
def test_a_server_that_says_how_long_to_wait_is_obeyed(replica, http, clock, url, told, waited):
    replica.fail("/folder", Fault("status", 1, 429, {"Retry-After": told}))
    http.read(url, 0, 10)
    assert len(clock.waits) == 1
    assert 0.25 <= clock.waits[0] <= 0.5 if told == "soon" else clock.waits[0] == waited


def test_the_wait_that_one_answer_asked_for_holds_for_all_threads(replica, http, clock, url):
    replica.files["/other/8.zip"] = CONTENT
    replica.fail("/folder", Fault("status", 1, 429, {"Retry-After": "30"}))

    def read_another_while_waiting() -> None:
        clock.on_wait = lambda: None
        clock.now -= 20  # only 10 of the 30 seconds have passed
        http.read(f"{replica.url}/other/8.zip", 0, 5)

    clock.on_wait = read_another_while_waiting
    http.read(url, 0, 10)
    assert clock.waits[:2] == [30.0, 20.0]


@pytest.mark.parametrize("kind", ["truncate", "no_length", "reset"])
def test_an_answer_that_breaks_off_is_continued_where_it_broke(replica, http, url, kind):
    replica.fail("/folder", Fault(kind, 2))
    assert http.read(url, 1000, 201_000).content == CONTENT[1000:201_000]
    ranges = [request.range for request in replica.requests]
    if kind != "reset":
        assert ranges == ["bytes=1000-200999", "bytes=101000-200999", "bytes=151000-200999"]
        assert replica.bytes_sent() == 200_000
    else:
        assert ranges == ["bytes=1000-200999"] * 3


def test_the_end_of_a_file_that_breaks_off_is_read_anew(replica, http, url):
    replica.fail("/folder", Fault("truncate"))
    assert http.tail(url, 5000).content == CONTENT[-5000:]


def test_a_silent_server_is_asked_again(replica, clock, url):
    impatient = RangeReader(2, Patience(silence_s=0.05), Clock(clock.passed, clock.calendar, clock.wait))
    replica.fail("/folder", Fault("silent"))
    assert impatient.read(url, 0, 10).content == CONTENT[:10]
    impatient.close()


def test_a_server_that_only_trickles_is_left_and_asked_for_the_rest(replica, http, clock, url):
    replica.fail("/folder", Fault("slow"))
    clock.ticks = [0.0, 0.0, 100.0]  # the first bytes take 100 s
    assert http.read(url, 0, 20_000).content == CONTENT[:20_000]
    first, second = (request.range for request in replica.requests)
    assert first == "bytes=0-19999"
    assert not replica.waited_out
    assert 0 < int(second.removeprefix("bytes=").removesuffix("-19999")) <= 10_000  # what had come is not asked for


def test_a_server_that_is_not_well_is_told_from_a_network_that_is_down(replica, http, clock, url):
    replica.fail("/folder", Fault("status", 99, 500))
    with pytest.raises(ReleaseUnavailable, match=r"7\.zip could not be read, 6 times \(status 500\)"):
        http.read(url, 0, 10)
    assert len(replica.requests) == 6
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(
        ReleaseUnavailable, match=rf"127\.0\.0\.1:{port} cannot be reached \(.*refused.*network"
    ) as caught:
        http.read(f"http://127.0.0.1:{port}/7.zip", 0, 10)
    assert "0x" not in str(caught.value)
    assert "HTTPConnection" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "says"), [(404, "there is no file"), (403, "does not give"), (301, "answers status 301")]
)
def test_what_waiting_cannot_mend_is_said_at_once(replica, http, clock, url, status, says):
    replica.fail("/folder", Fault("status", 1, status))
    with pytest.raises(ReleaseUnavailable, match=says):
        http.read(url, 0, 10)
    assert clock.waits == []


def test_a_whole_file_is_refused_where_a_part_was_asked_for(replica, http, url):
    replica.files["/folder/7.zip"] = bytes(50_000_000)
    replica.fail("/folder", Fault("whole"))
    with pytest.raises(ReleaseUnavailable, match="sends whole files alone \\(50000000 bytes\\)"):
        http.read(url, 0, 10)


@pytest.mark.parametrize(("kind", "says"), [("shifted", "from byte 101 on"), ("no_range_told", "cut short")])
def test_other_bytes_than_asked_for_are_refused(replica, http, url, kind, says):
    replica.fail("/folder", Fault(kind))
    with pytest.raises(ReleaseError, match=says):
        http.read(url, 100, 200)


def test_a_file_that_ends_too_early_is_said(http, url):
    with pytest.raises(ReleaseError, match="ends at byte 256000, but should reach byte 300000"):
        http.read(url, 255_000, 300_000)
    with pytest.raises(ReleaseError, match="does not have the bytes 300000-300009"):
        http.read(url, 300_000, 300_010)


def test_a_file_that_is_replaced_while_it_is_read_is_never_mixed(replica, http, clock, url):
    replica.fail("/folder", Fault("truncate"))
    clock.on_wait = lambda: replica.files.update({"/folder/7.zip": CONTENT[::-1]})
    with pytest.raises(ReleaseError, match="was changed while it was read"):
        http.read(url, 0, 20_000)


def test_a_reader_that_is_closed_waits_for_nothing(replica, url):
    reader = RangeReader(2, Patience(first_wait_s=1000, longest_wait_s=1000))
    replica.fail("/folder", Fault("status", 99, 500))
    reader.close()
    with pytest.raises(ReleaseUnavailable, match="stopped"):
        reader.read(url, 0, 10)


def test_a_proxy_of_the_environment_is_used(replica, clock, monkeypatch):
    monkeypatch.setenv("http_proxy", replica.url)
    monkeypatch.setenv("no_proxy", "")
    reader = RangeReader(1, Patience(), Clock(clock.passed, clock.calendar, clock.wait))
    replica.files["http://example.org/7.zip"] = CONTENT
    assert reader.read("http://example.org/7.zip", 5, 9).content == CONTENT[5:9]
    reader.close()


def test_connections_are_kept_open(replica, http, url):
    for start in range(0, 1000, 100):
        http.read(url, start, start + 100)
    assert len(replica.requests) == 10
    assert len({request.connection for request in replica.requests}) == 1
