"""In which file of a release a segment is."""

import hashlib

from segclr.errors import ReleaseError

_LARGEST_ID = 2**64 - 1


def shard_of(segment_id: int, shards: int, hash_bytes: int) -> int:
    """Return the shard of a segment, 0 to `shards` - 1, as the release's writer (google-research/connectomics) did.

    The id is written as a little-endian number of `hash_bytes` bytes; the shard is its MD5, read as one little-endian
    number of 128 bits, modulo `shards`. MD5 is no secret here, only a way to spread segments evenly.

    Args:
        hash_bytes: 64 for the exports of 2022, 8 for those since; they give different shards.

    Raises:
        ReleaseError: It cannot be a segment id.
    """
    check_id(segment_id)
    digest = hashlib.md5(segment_id.to_bytes(hash_bytes, "little"), usedforsecurity=False).digest()
    return int.from_bytes(digest, "little") % shards


def check_id(segment_id: int) -> None:
    """Refuse what is no segment id.

    Raises:
        ReleaseError: It is negative or more than 64 bits long.
    """
    if not 0 <= segment_id <= _LARGEST_ID:
        raise ReleaseError(f"{segment_id} is no segment id: it must be a whole number from 0 to {_LARGEST_ID}")
