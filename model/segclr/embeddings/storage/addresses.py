"""From an address to the source behind it."""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from segclr.embeddings.storage.ranges import RemoteFolder, RemoteSource
from segclr.embeddings.storage.source import LocalFolder, Source
from segclr.errors import TableError

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://")


def open_source(place: str | Path) -> Source:
    """Return the source for a folder of this machine, or an http(s), gs, s3 or any other address that fsspec knows.

    Buckets (gs, s3) are read with fsspec, and so with your credentials, if it is installed with the library for them,
    else anonymously over HTTPS.

    Raises:
        TableError: There is no way to read such an address.
    """
    found = _SCHEME.match(str(place)) if isinstance(place, str) else None
    if found is None:
        return LocalFolder(Path(place))
    url, scheme = str(place), found[1]
    if scheme == "file":
        return LocalFolder(Path(unquote(urlsplit(url).path)))
    if scheme in ("http", "https"):
        return RemoteSource(_over_http(url))
    return RemoteSource(_with_fsspec(url) or _public(url, scheme))


@dataclass(frozen=True, slots=True, eq=False)
class FsspecFolder:
    """Files below an address that one of fsspec's file systems reads."""

    url: str
    system: Any
    folder: str

    @property
    def name(self) -> str:
        return self.url

    def read(self, file: str, start: int = 0, stop: int | None = None) -> bytes:
        """See `RemoteFolder.read`."""
        path = f"{self.folder.rstrip('/')}/{file}"
        try:
            content = bytes(self.system.cat_file(path, start=start, end=stop))
        except FileNotFoundError:
            raise
        except Exception as error:  # each file system has errors of its own
            raise TableError(f"{self.url}/{file} cannot be read ({type(error).__name__}: {error})") from None
        if stop is not None and len(content) != stop - start:
            raise TableError(f"{self.url}/{file} is cut short: {len(content)} bytes came of {stop - start}")
        return content


def _with_fsspec(url: str) -> FsspecFolder | None:
    """None if fsspec is not installed, or not the library that it needs for this address."""
    try:
        core = importlib.import_module("fsspec.core")
        system, folder = core.url_to_fs(url)
    except (ImportError, ValueError):
        return None
    return FsspecFolder(url, system, folder)


def _over_http(url: str) -> RemoteFolder:
    from segclr.embeddings.storage.http import HttpFolder  # loads urllib3, which a table on this machine does without

    return HttpFolder(url)


def _public(url: str, scheme: str) -> RemoteFolder:
    bucket, _, path = url.partition("://")[2].partition("/")
    if scheme == "gs":
        return _over_http(f"https://storage.googleapis.com/{bucket}/{path}")
    if scheme == "s3":
        return _over_http(f"https://{bucket}.s3.amazonaws.com/{path}")
    raise TableError(
        f"there is no way to read {url}: install fsspec and what it needs for {scheme}://, or give a folder or an "
        "http address"
    )
