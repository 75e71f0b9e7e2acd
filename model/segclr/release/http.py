"""Bytes of files on a web server: parts of them, asked again patiently when the network or the server fails.

The one place that speaks HTTP here (urllib3). A part that breaks off is continued where it broke, a server that asks to
wait is waited for by all threads, and one that would send a whole file for a part of it is refused at once.
"""

from __future__ import annotations

import email.utils
import random
import re
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

from segclr.errors import ReleaseError, ReleaseUnavailable

_BLOCK = 1 << 16
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_OBJECT = re.compile(r"^(<[^>]*>|HTTPS?Connection(Pool)?\([^)]*\)): ")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to bear with a server.

    Attributes:
        attempts: how often one part is asked for before giving up.
        first_wait_s, longest_wait_s: the wait doubles from one attempt to the next; half of it is left to chance.
        connect_s, silence_s: until a connection stands, and between two pieces of an answer.
        slowest: bytes per second below which an answer is broken off, after `silence_s` of it.
    """

    attempts: int = 6
    first_wait_s: float = 0.5
    longest_wait_s: float = 60.0
    connect_s: float = 10.0
    silence_s: float = 30.0
    slowest: float = 2000.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Time: what has passed, what a calendar says (seconds since 1970), and waiting.

    Attributes:
        wait: waits so many seconds, or until the reader is closed where it is None.
    """

    passed: Callable[[], float] = time.monotonic
    calendar: Callable[[], float] = time.time
    wait: Callable[[float], object] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Some bytes of a file of `total` bytes, from `start` on; `etag` differs when the file does, "" if not told."""

    content: bytes
    start: int
    total: int
    etag: str


class _Again(Exception):  # noqa: N818
    """An attempt failed in a way that may pass."""

    def __init__(self, reason: str, wait_s: float | None = None, reached: bool = True) -> None:
        super().__init__(reason)
        self.wait_s, self.reached = wait_s, reached


class _Receiving:
    """What has come of a part so far, over all attempts."""

    def __init__(self, start: int | None) -> None:
        """Expect a part that begins at `start`, or at a byte that the server tells, as of the last bytes of a file."""
        self._asked, self.start = start, start or 0
        self.content = bytearray()
        self.total, self.etag = -1, ""

    def begin(self, url: str, first: int, total: int, etag: str) -> None:
        """Note what an answer says of its bytes.

        Raises:
            ReleaseError: It is another file than before, or not the byte that comes next.
        """
        if self.total >= 0 and (total, etag) != (self.total, self.etag):
            raise ReleaseError(f"{url} was changed while it was read: try again")
        self.total, self.etag = total, etag
        if self._asked is None:  # a part without a known begin is begun anew
            self.content.clear()
            self.start = first
        elif first != self.start + len(self.content):
            raise ReleaseError(
                f"the server sends {url} from byte {first} on, but was asked for byte {self.start + len(self.content)}"
            )

    def part(self) -> Part:
        return Part(bytes(self.content), self.start, self.total, self.etag)


class RangeReader:
    """Reads parts of files over a few connections that are kept open; may be used by many threads."""

    def __init__(self, connections: int = 8, patience: Patience | None = None, clock: Clock | None = None) -> None:
        """Open nothing yet.

        Args:
            connections: to one server at the same time; further threads wait for a free one.
        """
        self._patience, self._clock = patience or Patience(), clock or Clock()
        self._closed = threading.Event()
        self._wait = self._clock.wait or self._closed.wait
        self._lock = threading.Lock()
        self._not_before = self._clock.passed()
        self._connections = connections
        self._pools: dict[str, urllib3.PoolManager] = {}

    def close(self) -> None:
        """End what waits, with ReleaseUnavailable, and close the connections."""
        self._closed.set()
        for pool in self._pools.values():
            pool.clear()

    def read(self, url: str, start: int, stop: int) -> Part:
        """Read the bytes from `start` to before `stop`, which must be in the file.

        Raises:
            ReleaseUnavailable: The server cannot be reached, or does not give the file.
            ReleaseError: The file ends before `stop`, or the server sends other bytes than asked for.
        """
        if stop <= start:
            raise ValueError(f"bytes {start} to {stop} are none")
        got = _Receiving(start)
        self._patiently(url, lambda: f"bytes={start + len(got.content)}-{stop - 1}", got)
        if len(got.content) != stop - start:
            raise ReleaseError(f"{url} ends at byte {got.total}, but should reach byte {stop}: it is cut short")
        return got.part()

    def tail(self, url: str, count: int) -> Part:
        """Read the last `count` bytes, or all where the file has fewer.

        Raises:
            ReleaseUnavailable: The server cannot be reached, or does not give the file.
            ReleaseError: The server sends other bytes than asked for.
        """
        got = _Receiving(None)
        self._patiently(url, lambda: f"bytes=-{count}", got)
        return got.part()

    def _patiently(self, url: str, wanted: Callable[[], str], got: _Receiving) -> None:
        """Try until all is there; what came before an answer broke off is kept."""
        failure = _Again("never tried")
        for attempt in range(self._patience.attempts):
            self._hold_on(attempt, failure.wait_s)
            try:
                self._attempt(url, wanted(), got)
            except _Again as again:
                failure = again
            else:
                return
        if failure.reached:
            raise ReleaseUnavailable(
                f"{url} could not be read, {self._patience.attempts} times ({failure}): the server is not well or very "
                "busy, try again later"
            )
        host = urlsplit(url).netloc
        raise ReleaseUnavailable(f"{host} cannot be reached ({failure}): is this machine on the network?")

    def _hold_on(self, attempt: int, told_s: float | None) -> None:
        """Wait before another attempt, and as long as any answer has told all to wait."""
        patience = self._patience
        wait_s = 0.0
        if attempt:
            doubled = min(patience.longest_wait_s, patience.first_wait_s * 2.0 ** (attempt - 1))
            wait_s = doubled * (0.5 + random.random() / 2)
        with self._lock:
            now = self._clock.passed()
            if told_s is not None:
                self._not_before = max(self._not_before, now + min(told_s, patience.longest_wait_s))
            wait_s = max(wait_s, self._not_before - now)
        if wait_s > 0 and not self._closed.is_set():
            self._wait(wait_s)
        if self._closed.is_set():
            raise ReleaseUnavailable("reading was stopped")

    def _attempt(self, url: str, wanted: str, got: _Receiving) -> None:
        """Ask once."""
        headers = {"Range": wanted, "Accept-Encoding": "identity", "User-Agent": "segclr-viewer"}
        timeout = urllib3.Timeout(connect=self._patience.connect_s, read=self._patience.silence_s)
        try:
            answer = self._pool(url).request(
                "GET", url, headers=headers, preload_content=False, retries=False, redirect=False, timeout=timeout
            )
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise _Again(_words(error), reached=False) from None
        except urllib3.exceptions.HTTPError as error:
            raise _Again(_words(error)) from None
        try:
            first, stop, total = self._check(url, wanted, answer)
            got.begin(url, first, total, answer.headers.get("ETag", ""))
            self._receive(answer, got.content)
        finally:
            # what is left of a body that is not wanted must not be read: the connection is given up instead
            answer.close()
            answer.release_conn()
        if got.start + len(got.content) < stop:
            raise _Again(f"{got.start + len(got.content) - first} of {stop - first} bytes came")

    def _check(self, url: str, wanted: str, answer: urllib3.BaseHTTPResponse) -> tuple[int, int, int]:
        """Return which bytes come, and how many the file has.

        Raises:
            _Again, ReleaseUnavailable, ReleaseError: they do not come.
        """
        status = answer.status
        if status in _BUSY:
            raise _Again(f"status {status}", _seconds(answer.headers.get("Retry-After"), self._clock.calendar()))
        if status == 404:
            raise ReleaseUnavailable(f"there is no file {url}: is it the right release, and the right address?")
        if status in (401, 403):
            raise ReleaseUnavailable(f"the server does not give {url} to everybody (status {status})")
        if status == 200:
            raise ReleaseUnavailable(
                f"the server of {url} sends whole files alone ({_size(answer)}), but a release is read in parts: use a "
                "server that understands ranges"
            )
        told = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
        if status == 416 or (status == 206 and told is None):
            raise ReleaseError(f"{url} does not have the {wanted.replace('=', ' ')} (status {status}): it is cut short")
        if status != 206 or told is None:
            raise ReleaseUnavailable(f"the server answers status {status} for {url}: is the address right?")
        first, last, total = (int(number) for number in told.groups())
        return first, last + 1, total

    def _receive(self, answer: urllib3.BaseHTTPResponse, into: bytearray) -> None:
        begun = self._clock.passed()
        try:
            while block := answer.read1(_BLOCK, decode_content=False):  # what has come, without waiting for more
                into += block
                passed = self._clock.passed() - begun
                if passed > self._patience.silence_s and len(into) < passed * self._patience.slowest:
                    raise _Again(f"only {len(into)} bytes in {passed:.0f} s")
        except urllib3.exceptions.HTTPError as error:
            raise _Again(_words(error)) from None

    def _pool(self, url: str) -> urllib3.PoolManager:
        """The connections to a server, through the proxy that the environment names for it."""
        parts = urlsplit(url)
        proxy = urllib.request.getproxies().get(parts.scheme, "")
        if urllib.request.proxy_bypass(parts.netloc):
            proxy = ""
        with self._lock:
            if proxy not in self._pools:
                self._pools[proxy] = (
                    urllib3.ProxyManager(proxy, maxsize=self._connections, block=True)
                    if proxy
                    else urllib3.PoolManager(maxsize=self._connections, block=True)
                )
            return self._pools[proxy]


def _seconds(retry_after: str | None, now: float) -> float | None:
    """Seconds that a Retry-After header asks to wait, which it says as a number or as a date."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - now)
    except (TypeError, ValueError):
        return None


def _words(error: Exception) -> str:
    """Return what happened, without the object that urllib3 names before it."""
    return _OBJECT.sub("", str(error)).strip() or type(error).__name__


def _size(answer: urllib3.BaseHTTPResponse) -> str:
    length = answer.headers.get("Content-Length")
    return f"{length} bytes" if length else "of unknown size"
