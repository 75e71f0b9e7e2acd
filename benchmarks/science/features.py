"""Features of all places: the encoder's, and those that it is compared with.

- the same network with random weights, so that what the architecture alone gives is not credited to the training;
- hand-made features: what one would measure by hand;
- principal components of the raw cutout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.science import baselines
from benchmarks.science.baselines import hand_made, principal_axes
from benchmarks.science.places import Places
from benchmarks.science.store import Store, key, source_key
from segclr.embeddings.aggregation import aggregate
from segclr.encoder.checkpoint import CheckpointSpec, TrainingRecord
from segclr.encoder.inference import Encoder, load_encoder
from segclr.encoder.network import EncoderNetwork, build_network
from segclr.encoder.weights import save_checkpoint

COMPONENTS = 64
_BATCH = 256
_STATISTICS_FROM = 2048  # cutouts for the untrained network's BatchNorms
_COMPONENTS_FROM = 1500  # cutouts whose principal components are taken


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """(n, d) float32, one row per place; ``source`` names the weights or the code that they come from."""

    name: str
    source: str
    values: NDArray[np.float32]

    def averaged(self, places: Places, radius_um: float) -> NDArray[np.float32]:
        """(n, d): means over the nodes of the same segment within a radius, by the product's own aggregation."""
        ends = np.cumsum([len(block) for block in places.blocks])[:-1]
        parts = np.split(self.values, ends)
        means = [aggregate(block.table(part), radius_um) for block, part in zip(places.blocks, parts, strict=True)]
        return np.concatenate(means)


def embedded(store: Store, places: Places, encoder: Encoder) -> Features:
    """The embeddings of a checkpoint, as the product computes them on this machine."""
    name = f"encoder_{encoder.spec.hash}_{key(encoder.device)}"
    return Features("encoder", name, _by_block(store, places, name, lambda: encoder.embed))


def untrained(store: Store, places: Places, spec: CheckpointSpec) -> Features:
    """The same network with random weights; its BatchNorms take their statistics from the cutouts."""
    name = f"untrained_{key(spec.encoder, spec.cutout)}_{_seeds(places)}"

    def make() -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
        path = store.folder / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = _some_rows(places, _STATISTICS_FROM)
        save_checkpoint(path, random_network(spec, places.images(rows)), spec.cutout, TrainingRecord("nothing", 0))
        return load_encoder(path).embed

    return Features("untrained encoder", name, _by_block(store, places, name, make))


def measured_by_hand(store: Store, places: Places) -> Features:
    """See ``hand_made``."""
    name = f"hand-made_{source_key(baselines)}"
    return Features("hand-made", name, _by_block(store, places, name, lambda: _all_hand_made))


def components(store: Store, places: Places) -> Features:
    """Projections of the raw masked cutouts on their 64 first principal components."""
    name = f"pca_{_seeds(places)}_{source_key(baselines)}"

    def make() -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
        mean, axes = principal_axes(places.images(_some_rows(places, _COMPONENTS_FROM)), COMPONENTS)

        def project(images: NDArray[np.uint8]) -> NDArray[np.float32]:
            flat = images.reshape(len(images), -1).astype(np.float32)
            return np.asarray((flat - mean) @ axes, np.float32)

        return project

    return Features("PCA of the cutout", name, _by_block(store, places, name, make))


def _by_block(
    store: Store, places: Places, name: str, make: Callable[[], Callable[[NDArray[np.uint8]], NDArray[np.float32]]]
) -> NDArray[np.float32]:
    """Apply a function of cutouts to all places; it is made only if a block's result is not in the store."""
    function: list[Callable[[NDArray[np.uint8]], NDArray[np.float32]]] = []

    def compute(images: NDArray[np.uint8]) -> NDArray[np.float32]:
        if not function:
            function.append(make())
        batches = [np.asarray(images[start : start + _BATCH]) for start in range(0, len(images), _BATCH)]
        return np.concatenate([function[0](batch) for batch in batches]).astype(np.float32)

    parts = []
    for block in places.blocks:
        images = block.images
        parts.append(store.array(f"features/{block.name}_{name}", partial(compute, images)))
    return np.concatenate(parts).astype(np.float32, copy=False)


def _all_hand_made(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.stack([hand_made(image) for image in images]).astype(np.float32)


def random_network(spec: CheckpointSpec, images: NDArray[np.uint8]) -> EncoderNetwork:
    """A network as the checkpoint's with random weights; its BatchNorms know the (n, z, y, x) images."""
    torch.manual_seed(0)
    network = build_network(spec.encoder).train()
    with torch.no_grad():
        for start in range(0, len(images), 128):
            network(torch.from_numpy(images[start : start + 128]).unsqueeze(1).float() / 255)
    return network.eval()


def _some_rows(places: Places, count: int) -> NDArray[np.int64]:
    rows = np.random.default_rng(0).permutation(len(places))[:count]
    return np.sort(rows)


def _seeds(places: Places) -> str:
    return "-".join(str(block.folder.seed) for block in places.blocks)
