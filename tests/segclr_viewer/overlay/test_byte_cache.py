"""The cache that is bounded in bytes."""

from segclr_viewer.overlay.byte_cache import ByteCache


def test_a_value_is_made_once() -> None:
    cache: ByteCache[int, bytes] = ByteCache(100, len)
    made: list[int] = []

    def make() -> bytes:
        made.append(1)
        return b"abc"

    assert cache.peek(1) is None
    assert [cache.get(1, make), cache.get(1, make), cache.peek(1)] == [b"abc"] * 3
    assert len(made) == 1


def test_what_was_used_longest_ago_goes_first() -> None:
    cache: ByteCache[int, bytes] = ByteCache(10, len)
    for key in (1, 2):
        cache.get(key, lambda: b"12345")
    cache.peek(1)
    cache.get(3, lambda: b"1234")
    assert [key for key in (1, 2, 3) if cache.peek(key) is not None] == [1, 3]
    assert cache.bytes_held == 9


def test_a_value_larger_than_the_cache_is_given_but_not_kept() -> None:
    cache: ByteCache[int, bytes] = ByteCache(10, len)
    assert cache.get(1, lambda: b"x" * 11) == b"x" * 11
    assert cache.peek(1) is None
    assert cache.bytes_held == 0
