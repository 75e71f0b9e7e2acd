"""Reading ranges of files over HTTP: nothing but what is asked for is transferred."""

from __future__ import annotations

from dataclasses import dataclass, field

import urllib3

from segclr.embeddings.storage.ranges import REQUESTS_AT_ONCE
from segclr.errors import TableError

_RETRIES = urllib3.Retry(total=5, backoff_factor=0.2, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)
_TRIES = 4  # of reading an answer
_TIMEOUT = urllib3.Timeout(connect=10.0, read=60.0)


def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=REQUESTS_AT_ONCE, retries=_RETRIES, timeout=_TIMEOUT)


@dataclass(frozen=True, slots=True, eq=False)
class HttpFolder:
    """Files below an http or https address; connections are kept and shared by threads.

    Refused connections, timeouts, cut answers and the statuses 429 and 5xx are tried again, five times within about
    ten seconds.
    """

    url: str
    _connections: urllib3.PoolManager = field(default_factory=_pool)

    @property
    def name(self) -> str:
        return self.url

    def read(self, file: str, start: int = 0, stop: int | None = None) -> bytes:
        """See `RemoteFolder.read`."""
        where = f"{self.url.rstrip('/')}/{file}"
        for left in reversed(range(_TRIES)):
            try:
                return self._read(where, start, stop)
            except urllib3.exceptions.HTTPError as error:  # the answer broke off; the request has its own retries
                if left == 0 or isinstance(error, urllib3.exceptions.MaxRetryError):
                    raise TableError(
                        f"{where} cannot be read ({_brief(error)}): check the address and the network"
                    ) from None
        raise AssertionError("the last try returns or raises")

    def _read(self, where: str, start: int, stop: int | None) -> bytes:
        headers = {"Accept-Encoding": "identity"}
        if stop is not None:
            headers["Range"] = f"bytes={start}-{stop - 1}"
        answer = self._connections.request("GET", where, headers=headers, preload_content=False)
        if answer.status != (200 if stop is None else 206):
            answer.close()  # and with it the connection: its body, which may be a whole file, is not wanted
            if answer.status in (404, 410):
                raise FileNotFoundError(where)
            raise TableError(f"{where} cannot be read: {_why(answer.status)}")
        content = answer.data
        if stop is not None and len(content) != stop - start:
            raise TableError(f"{where} is cut short: {len(content)} bytes came of {stop - start} from {start} on")
        return content


def _why(status: int) -> str:
    if status == 200:
        return "the server sends whole files only; take one that answers requests for ranges of bytes"
    if status == 416:
        return "the file is shorter than it must be"
    return f"the server answers with status {status}"


def _brief(error: urllib3.exceptions.HTTPError) -> str:
    if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason is not None:
        error = error.reason  # type: ignore[assignment]
    return type(error).__name__
