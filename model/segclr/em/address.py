"""Addresses of volumes and skeletons: which format, and where. Knows the notation only; nothing is opened here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from segclr.errors import VolumeUnavailable

Format = Literal["precomputed", "zarr", "n5", "swc"]

_FORMATS: dict[str, Format] = {
    "precomputed": "precomputed",
    "neuroglancer-precomputed": "precomputed",
    "zarr": "zarr",
    "zarr2": "zarr",
    "zarr3": "zarr",
    "n5": "n5",
    "swc": "swc",
}
_SCHEMES = ("file", "gs", "s3", "https", "http")


@dataclass(frozen=True, slots=True)
class Address:
    """`root` is a URL without trailing slash; `format` is None where the URL does not say."""

    format: Format | None
    root: str


def parse_address(url: str) -> Address:
    """Understand `precomputed://gs://bucket/folder`, `gs://bucket/folder|zarr3:`, `file:///folder` and `/folder`."""
    text = url.strip()
    found: Format | None = None
    if "|" in text:
        text, _, suffix = text.partition("|")
        found = _format(suffix.rstrip("/").rstrip(":"), url)
    elif text.count("://") == 2:
        prefix, _, text = text.partition("://")
        found = _format(prefix, url)
    if text.startswith("/"):
        text = "file://" + text
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _SCHEMES:
        raise VolumeUnavailable(
            f"cannot tell where {url!r} is; write it like precomputed://gs://bucket/folder, "
            f"zarr://file:///folder or https://host/folder (known: {', '.join(s + '://' for s in _SCHEMES)})"
        )
    if scheme == "file" and not rest.startswith("/"):
        raise VolumeUnavailable(f"{url!r} is not an absolute path; write file:///folder with three slashes")
    return Address(found, f"{scheme}://{rest.rstrip('/')}")


def absolute_url(url: str, folder: Path) -> str:
    """Return `url` with its path made absolute if it names a local one: `em`, `file://em`, `precomputed://em`.

    Args:
        folder: what relative paths are relative to.
    """
    if "://" not in url:
        path, bar, pipeline = url.partition("|")
        return absolute_path(path, folder) + bar + pipeline
    prefix, _, rest = url.partition("://")
    if prefix == "file":
        path, bar, pipeline = rest.partition("|")
        return "file://" + absolute_path(path, folder) + bar + pipeline
    if prefix in ("http", "https", "gs", "s3"):
        return url
    if "://" in rest:
        return f"{prefix}://{absolute_url(rest, folder)}"
    return f"{prefix}://file://{absolute_path(rest, folder)}"


def absolute_path(text: str, folder: Path) -> str:
    """Return a path made absolute, with ~ as the user's home."""
    return str((folder / Path(text).expanduser()).resolve())


def _format(word: str, url: str) -> Format:
    if word not in _FORMATS:
        raise VolumeUnavailable(f"{word!r} in {url!r} is no known format; use one of {', '.join(_FORMATS)}")
    return _FORMATS[word]
