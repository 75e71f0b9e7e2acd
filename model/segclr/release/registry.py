"""The releases that are known: where each is, how it is laid out, and what its numbers mean.

Sources: google-research/connectomics (`segclr/reader.py`) for the releases of 2022; the README in the MICrONS bucket
for voxel sizes and the offset; users' published code for m943 and m1300. `evidence` says which.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from segclr.em.cutout import CutoutSpec
from segclr.em.geometry import XYZ
from segclr.errors import ReleaseError
from segclr.release.sharding import shard_of

_H01 = "gs://h01-release/data/20220326/c3/embeddings"
_MICRONS = "gs://iarpa_microns/minnie/minnie65"
_GOOGLES_STORAGE = "https://storage.googleapis.com"
_READER, _USERS = "the publishers' reader", "users' code alone"


@dataclass(frozen=True, slots=True)
class Volumes:
    """The volumes that a release was made from, as this program opens them; `version` names the segmentation."""

    em: str
    segmentation: str
    version: str
    skeletons: str | None = None


@dataclass(frozen=True, slots=True)
class Encoder:
    """The network that made a release: its checkpoint's name and place, how long it was trained, what it was shown."""

    name: str
    url: str
    steps: int
    cutout: CutoutSpec


@dataclass(frozen=True, slots=True)
class Release:
    """One published set of embeddings.

    Attributes:
        url: the folder of its shards, http(s):// or gs://.
        shards, hash_bytes: see `shard_of`.
        dimensions: of an embedding; None where nobody says.
        voxel_nm: what one unit of its coordinates measures, x, y, z; 1 nm for coordinates in nm.
        offset_nm: to be added to reach the frame of `volumes`.
        radius_um: within which embeddings were averaged before they were published; 0 for single ones.
        materialised: when the segmentation was taken from CAVE; None for one that never was there, or if not known.
        evidence: how well the above is known.
    """

    name: str
    url: str
    shards: int
    hash_bytes: int
    dimensions: int | None
    voxel_nm: XYZ
    offset_nm: XYZ
    radius_um: float
    volumes: Volumes
    encoder: Encoder
    materialised: datetime | None
    evidence: str

    @property
    def maker(self) -> str:
        """What a table of the release says instead of its encoder's hash, which nobody has; copies say the same."""
        return f"{self.name}:{self.encoder.name}"

    def shard(self, segment_id: int) -> int:
        """Return the shard that a segment is in, if it is in the release."""
        return shard_of(segment_id, self.shards, self.hash_bytes)

    def shard_url(self, shard: int) -> str:
        """Return the https address of a shard."""
        return f"{_over_http(self.url)}/{shard}.zip"

    def to_nm(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn (n, 3) coordinates of the release, xyz, into nm of the frame of `volumes`."""
        positions_nm: NDArray[np.float64] = coordinates * np.array(self.voxel_nm) + np.array(self.offset_nm)
        return positions_nm


_H01_VOXEL_NM, _MICRONS_VOXEL_NM, _NM = (32.0, 32.0, 33.0), (32.0, 32.0, 40.0), (1.0, 1.0, 1.0)
_NO_OFFSET, _MICRONS_OFFSET_NM = (0.0, 0.0, 0.0), (110_592.0, 110_592.0, 592_640.0)
_H01_ENCODER = Encoder(
    "segclr-355200",
    "gs://h01-release/data/20230118/models/segclr-355200",
    355_200,
    CutoutSpec(129, _H01_VOXEL_NM, "masked_em"),
)
_MICRONS_ENCODER = Encoder(
    "segclr-216000",
    f"{_MICRONS}/embeddings/models/segclr-216000",
    216_000,
    CutoutSpec(129, _MICRONS_VOXEL_NM, "masked_em"),
)
_H01_VOLUMES = Volumes(
    em=f"precomputed://{_GOOGLES_STORAGE}/h01-release/data/20210601/4nm_raw",
    segmentation=f"precomputed://{_GOOGLES_STORAGE}/h01-release/data/20210601/c3",
    version="c3",
    skeletons=f"precomputed://{_GOOGLES_STORAGE}/h01-release/data/20210601/c3/skeletons",
)
_MICRONS_SEGMENTATION = f"precomputed://{_GOOGLES_STORAGE}/iarpa_microns/minnie/minnie65/seg"
_MICRONS_EM = "precomputed://https://bossdb-open-data.s3.amazonaws.com/iarpa_microns/minnie/minnie65/em"


def _h01(name: str, folder: str, voxel_nm: XYZ, radius_um: float = 0.0) -> Release:
    return Release(
        name=name,
        url=f"{_H01}/{folder}",
        shards=10_000,
        hash_bytes=64,
        dimensions=64,
        voxel_nm=voxel_nm,
        offset_nm=_NO_OFFSET,
        radius_um=radius_um,
        volumes=_H01_VOLUMES,
        encoder=_H01_ENCODER,
        materialised=None,
        evidence=f"{_READER}; that H01 needs no offset is not stated anywhere",
    )


_MICRONS_V343 = Release(
    name="microns_v343",
    url=f"{_MICRONS}/embeddings_m343/segclr_csvzips",
    shards=10_000,
    hash_bytes=64,
    dimensions=64,
    voxel_nm=_MICRONS_VOXEL_NM,
    offset_nm=_MICRONS_OFFSET_NM,
    radius_um=0.0,
    volumes=Volumes(_MICRONS_EM, f"{_MICRONS_SEGMENTATION}_m343", "m343"),
    encoder=_MICRONS_ENCODER,
    materialised=datetime(2022, 2, 24, 8, 10, tzinfo=UTC),
    evidence=f"{_READER}, and the bucket's README for voxels and offset",
)


def _v343(name: str, folder: str, nm: bool, radius_um: float = 0.0, evidence: str = _READER) -> Release:
    return replace(
        _MICRONS_V343,
        name=name,
        url=f"{_MICRONS}/embeddings_m343/{folder}",
        voxel_nm=_NM if nm else _MICRONS_VOXEL_NM,
        offset_nm=_NO_OFFSET if nm else _MICRONS_OFFSET_NM,
        radius_um=radius_um,
        evidence=evidence,
    )


def _later(version: str, dimensions: int | None, evidence: str) -> Release:
    """A MICrONS release since 2024: nm, more shards, the other hash."""
    return replace(
        _MICRONS_V343,
        name=f"microns_v{version}",
        url=f"{_MICRONS}/embeddings_m{version}/segclr_nm_coord_public_offset_csvzips",
        shards=50_000,
        hash_bytes=8,
        dimensions=dimensions,
        voxel_nm=_NM,
        offset_nm=_NO_OFFSET,
        volumes=Volumes(_MICRONS_EM, f"{_MICRONS_SEGMENTATION}_m{version}", f"m{version}"),
        materialised=None,
        evidence=evidence,
    )


_NM_FOLDER = "segclr_nm_coord_public_offset"
RELEASES: tuple[Release, ...] = (
    _h01("h01", "segclr_csvzips", _H01_VOXEL_NM),
    _h01("h01_nm_coord", "segclr_nm_coord_csvzips", _NM),
    _h01("h01_agg10um", "segclr_aggregated_10um_csvzips", _H01_VOXEL_NM, 10.0),
    _MICRONS_V343,
    _v343("microns_nm_coord_public_offset_v343", f"{_NM_FOLDER}_csvzips", nm=True),
    _v343("microns_v343_agg25um", "segclr_aggregated_25um_csvzips", nm=False, radius_um=25.0),
    _v343("microns_nm_coord_public_offset_v343_agg10um", f"{_NM_FOLDER}_aggregated_10um_csvzips", True, 10.0, _USERS),
    _v343("microns_nm_coord_public_offset_v343_agg25um", f"{_NM_FOLDER}_aggregated_25um_csvzips", True, 25.0, _USERS),
    replace(
        _MICRONS_V343,
        name="microns_v117",
        url=f"{_MICRONS}/embeddings/segclr_csvzips",
        volumes=Volumes(
            _MICRONS_EM,
            "precomputed://https://bossdb-open-data.s3.amazonaws.com/iarpa_microns/minnie/minnie65/seg",
            "m117",
        ),
        materialised=None,
        evidence=f"{_READER}; that its offset is that of v343 is assumed",
    ),
    _later("943", 128, f"{_USERS}; what the two halves of its 128 numbers are is not documented"),
    _later("1300", None, f"{_USERS} of one author; 64 or 128 numbers"),
)


def release_named(text: str) -> Release:
    """Find a release by its name, by its URL, or as `URL#name`: a copy at the URL, laid out as the release `name`.

    Raises:
        ReleaseError: There is no such release, or nothing says how the one at the URL is laid out.
    """
    known = {release.name: release for release in RELEASES}
    if text in known:
        return known[text]
    url, _, name = text.rpartition("#") if "#" in text else (text, "", "")
    url = url.rstrip("/")
    if "://" not in url:
        raise ReleaseError(f"there is no release {text!r}: known are {', '.join(known)}")
    if name and name not in known:
        raise ReleaseError(f"{text!r} is to be laid out as {name!r}, but known are {', '.join(known)}")
    _over_http(url)
    if name:
        return replace(known[name], url=url)
    for release in RELEASES:
        if _over_http(release.url) == _over_http(url):
            return release
    raise ReleaseError(
        f"nothing says how the release at {url} is laid out: add the name of the one that it is like, as in "
        f"{url}#{_MICRONS_V343.name}"
    )


def _over_http(url: str) -> str:
    """Return the https address of a folder in Google's storage; http addresses stay as they are."""
    parts = urlsplit(url)
    if parts.scheme == "gs" and parts.netloc:
        return f"{_GOOGLES_STORAGE}/{parts.netloc}{parts.path}".rstrip("/")
    if parts.scheme in ("http", "https") and parts.netloc and not parts.query:
        return url.rstrip("/")
    raise ReleaseError(f"{url!r} is no address of a release: it must begin with https://, http:// or gs://")
