"""Embedding cutouts."""

import logging
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from segclr.encoder.checkpoint import DEMO_CHECKPOINT
from segclr.encoder.inference import Encoder, load_encoder, make_encoder
from segclr.encoder.weights import load_network

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def encoder(checkpoint: Path) -> Encoder:
    return load_encoder(checkpoint, threads=1)


def cutouts(count: int, size: int = 9) -> NDArray[np.uint8]:
    rng = np.random.default_rng(5)
    images = rng.integers(1, 256, (count, size, size, size), np.uint8)
    images[:, :, : size // 3] = 0
    return images


def test_a_cutout_alone_has_the_same_embedding_as_among_others(encoder: Encoder) -> None:
    images = cutouts(11)
    together = encoder.embed(images)
    for row in range(len(images)):
        alone = encoder.embed(images[row : row + 1])[0]
        assert np.array_equal(alone, together[row])


def test_the_demo_encoder_agrees_with_itself_alone_and_among_others() -> None:
    encoder = load_encoder(DEMO_CHECKPOINT)
    images = cutouts(7, encoder.spec.cutout.size)
    together = encoder.embed(images)
    assert together.shape == (7, 64)
    assert np.isfinite(together).all()
    alone = np.concatenate([encoder.embed(image[None]) for image in images])
    assert np.array_equal(alone, together)


def test_embeddings_are_those_of_the_network_on_values_from_0_to_1(encoder: Encoder, checkpoint: Path) -> None:
    images = cutouts(3)
    network, _ = load_network(checkpoint)
    with torch.no_grad():
        expected = network(torch.from_numpy(images.astype(np.float32) / 255).unsqueeze(1)).numpy()
    np.testing.assert_allclose(encoder.embed(images), expected, atol=1e-5, rtol=1e-5)


def test_the_axes_are_kept_apart(encoder: Encoder) -> None:
    image = cutouts(1)
    assert np.abs(encoder.embed(image) - encoder.embed(image.transpose(0, 3, 2, 1))).max() > 1e-3


def test_a_second_call_gives_the_same_bits(encoder: Encoder) -> None:
    images = cutouts(5)
    assert np.array_equal(encoder.embed(images), encoder.embed(images))


def test_no_cutouts_give_no_embeddings(encoder: Encoder) -> None:
    assert encoder.embed(cutouts(0)).shape == (0, 64)


@pytest.mark.parametrize(
    "images",
    [np.zeros((1, 9, 9, 11), np.uint8), np.zeros((9, 9, 9), np.uint8), np.zeros((1, 9, 9, 9), np.float32)],
)
def test_other_shapes_and_types_are_refused(encoder: Encoder, images: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match=r"embeds uint8 cutouts \(B, 9, 9, 9\), not"):
        encoder.embed(images)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is used where there is one")
def test_the_device_is_told_with_its_threads_and_the_engine_with_a_reason(
    checkpoint: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert load_encoder(checkpoint, threads=1, engine="torch-float32").device == "CPU, 1 thread, PyTorch float32"
    with caplog.at_level(logging.INFO):
        encoder = load_encoder(checkpoint, threads=2, engine="torch-float32")
    assert encoder.device == "CPU, 2 threads, PyTorch float32"
    assert encoder.reason == "as asked for"
    assert "the encoder runs on CPU, 2 threads, PyTorch float32: as asked for" in caplog.text


def test_a_network_that_is_made_ready_is_left_as_it_was(checkpoint: Path) -> None:
    network, spec = load_network(checkpoint)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    made = make_encoder(network, spec, threads=1)
    assert network.state_dict().keys() == before.keys()
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert np.array_equal(made.embed(cutouts(3)), load_encoder(checkpoint, threads=1).embed(cutouts(3)))
