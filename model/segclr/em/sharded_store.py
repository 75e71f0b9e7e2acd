"""Files packed into shards by a 64-bit number, as precomputed skeletons and meshes of large data sets are."""

from __future__ import annotations

import struct

import tensorstore as ts

from segclr.em.store import Store, unavailable


class ShardedStore:
    """Files named by numbers, in the folder of a store."""

    def __init__(self, store: Store, sharding: dict[str, object]) -> None:
        """Open the shards.

        Args:
            sharding: the `sharding` object of the folder's `info`.

        Raises:
            VolumeUnavailable: the sharding is none that is known.
        """
        self.root = store.root
        spec = {"driver": "neuroglancer_uint64_sharded", "metadata": sharding, "base": store.spec()}
        try:
            self._kvstore = ts.KvStore.open(spec, context=store.context).result()
        except ValueError as error:
            raise unavailable(store.root, error) from error

    def read(self, number: int) -> bytes | None:
        """Return a file's bytes, None where there is none.

        Raises:
            VolumeUnavailable: the shard cannot be read.
        """
        try:
            result = self._kvstore.read(struct.pack(">Q", number)).result()
        except ValueError as error:
            raise unavailable(self.root, error) from error
        return bytes(result.value) if result.state == "value" else None

    def numbers(self) -> list[int]:
        """Return the names of all files.

        Raises:
            VolumeUnavailable: the server lists nothing, or a shard cannot be read.
        """
        try:
            return [struct.unpack(">Q", key)[0] for key in self._kvstore.list().result()]
        except (ValueError, NotImplementedError) as error:
            raise unavailable(self.root, error) from error
