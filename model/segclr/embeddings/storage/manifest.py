"""`table.json`: which shards a table has, and what their files must be.

It is small and replaced at once, so that a reader sees one state of the table or another one, never a mixture. Format
version 1, of one shard and without checksums, is still read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from segclr.embeddings.provenance import Provenance
from segclr.embeddings.storage.precision import Storage, check_storage
from segclr.errors import TableError

FORMAT = "segclr-embeddings"
FORMAT_VERSION = 2
INDEX = "table.json"
EXTRA = "extra."  # begins the names of extra columns among a shard's

_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\.npy")  # never a path out of the folder


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column's file: a .npy file in C order.

    Attributes:
        dtype: as NumPy writes it, such as "<f4".
        offset: bytes before the numbers; None, like the checksum, in a table of format version 1.
        crc32: of the whole file (ISO 3309, as zlib has it).
    """

    file: str
    dtype: str
    shape: tuple[int, ...]
    offset: int | None = None
    crc32: int | None = None


@dataclass(frozen=True, slots=True)
class Shard:
    """Rows that were written together.

    Attributes:
        name: 16 hex digits of the content.
        first_segment, last_segment: least and greatest segment id, 0 if the shard is empty.
        columns: by name.
    """

    name: str
    rows: int
    segments: int
    edges: int
    first_segment: int
    last_segment: int
    columns: Mapping[str, StoredColumn]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `table.json` says.

    Attributes:
        provenance: of all shards together.
        extra: dtype of each extra column, "U" for texts of any length.
    """

    dimensions: int
    storage: Storage
    provenance: Provenance
    shards: tuple[Shard, ...]
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(shard.rows for shard in self.shards)

    def files(self) -> set[str]:
        """Names of all files that belong to the table."""
        return {column.file for shard in self.shards for column in shard.columns.values()}

    def to_json(self) -> bytes:
        """Write it as it is kept; ids are texts, for they do not fit a number of JSON."""
        shards = [
            {**asdict(shard), "first_segment": str(shard.first_segment), "last_segment": str(shard.last_segment)}
            for shard in self.shards
        ]
        index = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "rows": self.rows,
            "dimensions": self.dimensions,
            "storage": self.storage,
            "extra": dict(self.extra),
            "provenance": self.provenance.to_json(),
            "shards": shards,
        }
        return json.dumps(index, indent=1).encode()


def read_manifest(content: bytes, place: str) -> Manifest:
    """Undo `to_json`.

    Args:
        place: of the table, to be named in messages.

    Raises:
        TableError: It is damaged, describes something else, or is of another format version.
    """
    try:
        index = json.loads(content)
    except ValueError:
        raise TableError(f"the embedding table {place} is damaged: {INDEX} is not JSON") from None
    if not isinstance(index, dict) or index.get("format") != FORMAT:
        raise TableError(f"{place}/{INDEX} does not describe an embedding table")
    if index.get("format_version") not in (1, FORMAT_VERSION):
        raise TableError(
            f"the embedding table {place} has format version {index.get('format_version')}, this program reads "
            f"versions 1 and {FORMAT_VERSION}: embed the volume again, or use the program version that wrote it"
        )
    try:
        manifest = _first_format(index) if index["format_version"] == 1 else _manifest(index)
        _check_shapes(manifest, int(index["rows"]))
        return manifest
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TableError(f"the embedding table {place} is damaged: {INDEX} lacks or garbles {error}") from None


def _check_shapes(manifest: Manifest, rows: int) -> None:
    """Refuse an index that contradicts itself.

    Raises:
        KeyError, ValueError: Something is missing, or of another shape than the counts say.
    """
    if manifest.rows != rows:
        raise ValueError(f"the number of rows ({rows}, but {manifest.rows} in the shards)")
    for shard in manifest.shards:
        n, segments, m = shard.rows, shard.segments, shard.edges
        shapes: dict[str, tuple[int, ...]] = {
            "segment_ids": (segments,),
            "first_row": (segments + 1,),
            "node_ids": (n,),
            "positions_nm": (n, 3),
            "embeddings": (n, manifest.dimensions),
            "edges": (m, 2),
            **{EXTRA + name: (n,) for name in manifest.extra},
        }
        for name, shape in shapes.items():
            if shard.columns[name].shape != shape:
                raise ValueError(f"the shape of {name} ({shard.columns[name].shape}, but {shape} by the counts)")


def _manifest(index: Mapping[str, Any]) -> Manifest:
    return Manifest(
        dimensions=int(index["dimensions"]),
        storage=check_storage(index["storage"]),
        provenance=Provenance.from_json(index["provenance"]),
        shards=tuple(_shard(fields) for fields in index["shards"]),
        extra={str(name): str(dtype) for name, dtype in index["extra"].items()},
    )


def _shard(fields: Mapping[str, Any]) -> Shard:
    counts = {name: int(fields[name]) for name in ("rows", "segments", "edges", "first_segment", "last_segment")}
    columns = {str(name): _column(column) for name, column in fields["columns"].items()}
    return Shard(name=str(fields["name"]), columns=columns, **counts)


def _column(fields: Mapping[str, Any]) -> StoredColumn:
    if not _FILE_NAME.fullmatch(fields["file"]):
        raise ValueError(f"a file name ({fields['file']!r})")
    shape = tuple(int(length) for length in fields["shape"])
    return StoredColumn(fields["file"], str(fields["dtype"]), shape, int(fields["offset"]), int(fields["crc32"]))


def _first_format(index: Mapping[str, Any]) -> Manifest:
    n, segments, m, d = (int(index[key]) for key in ("rows", "segments", "edges", "dimensions"))
    version = str(index["version"])
    shapes: dict[str, tuple[str, tuple[int, ...]]] = {
        "segment_ids": ("<u8", (segments,)),
        "first_row": ("<i8", (segments + 1,)),
        "node_ids": ("<i8", (n,)),
        "positions_nm": ("<f8", (n, 3)),
        "embeddings": ("<f4", (n, d)),
        "edges": ("<i8", (m, 2)),
    }
    columns = {name: StoredColumn(f"{name}-{version}.npy", *kind) for name, kind in shapes.items()}
    shard = Shard(version, n, segments, m, 0, 2**64 - 1, columns)
    return Manifest(d, "float32", Provenance.from_json(index["provenance"]), (shard,))
