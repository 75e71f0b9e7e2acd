"""Small files of a data set (metadata, skeletons), and TensorStore's access to its folder, local or remote."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import cast

import tensorstore as ts

from segclr.errors import VolumeUnavailable

# A user waits for the answer: give up after seconds, where TensorStore by default retries for many minutes.
_RETRIES = {"max_retries": 3, "initial_delay": "200ms", "max_delay": "1s"}


class Store:
    """The folder at `root`; keys are paths below it."""

    def __init__(self, root: str) -> None:
        """Open nothing yet.

        Args:
            root: file://, gs://, s3://, https:// or http:// URL without trailing slash.
        """
        self.root = root
        self.folder = Path(root.removeprefix("file://")) if root.startswith("file://") else None
        context: dict[str, object] = {
            "cache_pool": {"total_bytes_limit": 0},
            "gcs_request_retries": _RETRIES,
            "s3_request_retries": _RETRIES,
            "http_request_retries": _RETRIES,
        }
        if root.startswith("s3://") and not _has_aws_credentials():
            context["aws_credentials"] = {"type": "anonymous"}
        self.context = ts.Context(context)

    def spec(self, path: str = "") -> object:
        """Return the TensorStore key-value store of a folder below the root."""
        if self.folder is not None:
            # a path, not a URL: TensorStore would decode percent signs in a URL
            return {"driver": "file", "path": f"{self.folder / path}/"}
        return f"{self.root}/{path}/" if path else f"{self.root}/"

    def read(self, key: str) -> bytes | None:
        """Return a file's bytes, None where there is none; a local `key.gz` counts as `key`.

        Raises:
            VolumeUnavailable: the folder cannot be reached.
        """
        if self.folder is not None:
            return _read_local(self.folder / key)
        try:
            kvstore = ts.KvStore.open(self.spec(), context=self.context).result()
            result = kvstore.read(key).result()
        except ValueError as error:
            raise unavailable(self.root, error) from error
        if result.state != "value":
            return None
        value = bytes(result.value)
        return gzip.decompress(value) if value[:2] == b"\x1f\x8b" else value

    def names(self) -> list[str]:
        """Return the names of the files in the folder.

        Raises:
            VolumeUnavailable: the folder cannot be reached, or is on a server that lists nothing.
        """
        try:
            if self.folder is not None:
                return [path.name for path in self.folder.iterdir()]
            kvstore = ts.KvStore.open(self.spec(), context=self.context).result()
            return [key.decode() for key in kvstore.list().result() if b"/" not in key]
        except (OSError, ValueError, NotImplementedError) as error:
            raise unavailable(self.root, error) from error

    def read_json(self, key: str) -> dict[str, object] | None:
        """Return a JSON file's object, None where there is no such file."""
        raw = self.read(key)
        if raw is None:
            return None
        try:
            parsed = json.loads(raw)
        except ValueError as error:
            raise VolumeUnavailable(f"{self.root}/{key} is not JSON ({error}); is the address right?") from error
        if not isinstance(parsed, dict):
            raise VolumeUnavailable(f"{self.root}/{key} holds no JSON object; is the address right?")
        return cast(dict[str, object], parsed)


def unavailable(what: str, error: BaseException) -> VolumeUnavailable:
    """Return one sentence for an error of TensorStore, whose own text is a paragraph."""
    text = str(error).split(" [")[0].splitlines()[0]
    if "CURL error" in text:
        text = "the server does not answer: " + text.split("CURL error ")[-1]
    return VolumeUnavailable(f"{what} cannot be read: {text}")


def _read_local(path: Path) -> bytes | None:
    try:
        if path.is_file():
            return path.read_bytes()
        packed = path.with_name(path.name + ".gz")
        return gzip.decompress(packed.read_bytes()) if packed.is_file() else None
    except OSError as error:
        raise VolumeUnavailable(f"{path} cannot be read: {error.strerror or error}") from error


def _has_aws_credentials() -> bool:
    """Whether the user is known to Amazon; without, TensorStore fails on public buckets unless told to go anonymous."""
    named = any(name in os.environ for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"))
    return named or (Path.home() / ".aws" / "credentials").is_file()
