"""The released network, against numbers from Google's own graph."""

import copy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from segclr.encoder.config import LegacyConfig
from segclr.encoder.legacy import LegacyBlock, LegacyResNet
from segclr.encoder.released import our_names, state_from_released
from segclr.encoder.resnet import fold_batch_norms, parameter_count
from segclr.encoder.weights import network_with
from tests.segclr.encoder import golden_legacy as golden

pytestmark = pytest.mark.torch
TOLERANCE = 1e-4  # absolute: a cosine hides most mistakes
GOLDEN_FOLDER = Path(__file__).resolve().parents[4] / "shared" / "reference" / "segclr_golden"


@pytest.fixture(scope="module")
def weights() -> dict[str, NDArray[np.float32]]:
    return golden.variables()


@pytest.fixture(scope="module")
def network(weights: dict[str, NDArray[np.float32]]) -> LegacyResNet:
    """The network with the golden weights. Shared: change a copy."""
    shapes = {name: tensor.shape for name, tensor in weights.items()}
    model = network_with(LegacyConfig(), state_from_released(shapes, weights.__getitem__))
    assert isinstance(model, LegacyResNet)
    return model


@pytest.fixture(scope="module")
def image() -> Tensor:
    return torch.from_numpy(golden.image())[None, None]


def error_of(model: nn.Module, image: Tensor) -> float:
    """Largest absolute difference from the golden embedding."""
    with torch.inference_mode():
        embedding = model(image)[0].double().numpy()
    return float(np.abs(embedding - golden.numbers(golden.EMBEDDING)).max())


def test_embedding_projection_and_the_activations_of_each_stage_are_the_golden_ones(
    network: LegacyResNet, image: Tensor
) -> None:
    seen: dict[str, tuple[float, float]] = {}

    def note(name: str, output: Tensor) -> None:
        seen[name] = (float(output.double().mean()), float(output.double().std()))

    handles = [
        network.get_submodule(name).register_forward_hook(lambda _, __, output, name=name: note(name, output))
        for name in golden.ACTIVATIONS
        if name != "pooled"
    ]
    handles.append(network.bottleneck.register_forward_pre_hook(lambda _, inputs: note("pooled", inputs[0])))
    with torch.inference_mode():
        embedding = network(image)
        projection = network.project(embedding)
    for handle in handles:
        handle.remove()
    np.testing.assert_allclose(embedding[0].numpy(), golden.numbers(golden.EMBEDDING), atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(projection[0].numpy(), golden.numbers(golden.PROJECTION), atol=TOLERANCE, rtol=0)
    assert seen == {name: pytest.approx(values, abs=2e-5) for name, values in golden.ACTIVATIONS.items()}


def test_an_empty_image_has_the_golden_embedding(network: LegacyResNet) -> None:
    with torch.inference_mode():
        embedding = network(torch.zeros(1, 1, 129, 129, 129))[0].numpy()
    np.testing.assert_allclose(embedding[:4], golden.OF_NOTHING, atol=TOLERANCE, rtol=0)
    assert np.linalg.norm(embedding) == pytest.approx(golden.NORM_OF_NOTHING, abs=TOLERANCE)


def batch_norm_before_relu(model: LegacyResNet) -> None:
    for block in model.stages:
        assert isinstance(block, LegacyBlock)
        conv_0, relu_0, norm_0, conv_1, _, norm_1 = block.residual
        block.residual = nn.Sequential(conv_0, norm_0, relu_0, conv_1, norm_1)  # as in the usual ResNet


def relu_in_the_stem(model: LegacyResNet) -> None:
    model.stem.append(nn.ReLU())


def no_biases(model: LegacyResNet) -> None:
    for module in model.modules():
        if isinstance(module, nn.Conv3d) and module.bias is not None:
            nn.init.zeros_(module.bias)


def no_convolution_in_the_first_shortcut(model: LegacyResNet) -> None:
    model.stages[0].shortcut = nn.Sequential()


def another_epsilon(model: LegacyResNet) -> None:
    for module in model.modules():
        if isinstance(module, nn.BatchNorm3d | nn.BatchNorm1d):
            module.eps = 1e-3


def relu_on_the_embedding(model: LegacyResNet) -> None:
    model.bottleneck.append(nn.ReLU())


@pytest.mark.parametrize(
    ("plant", "error"),
    [
        (batch_norm_before_relu, 7.3),
        (relu_in_the_stem, 1.14),
        (no_biases, 0.66),
        (no_convolution_in_the_first_shortcut, 1.37),
        (another_epsilon, 0.075),
        (relu_on_the_embedding, 13.0),
    ],
)
def test_a_planted_mistake_is_as_far_off_as_it_was_measured_to_be(
    network: LegacyResNet, image: Tensor, plant: Callable[[LegacyResNet], None], error: float
) -> None:
    wrong = copy.deepcopy(network)
    plant(wrong)
    assert error_of(wrong, image) == pytest.approx(error, rel=0.02)


@pytest.mark.parametrize(
    ("spoil", "error"),
    [(lambda image: image.transpose(2, 4), 0.49), (lambda image: image * 255, 3.1e3)],
    ids=["x and z swapped", "not divided by 255"],
)
def test_a_spoilt_image_is_as_far_off_as_it_was_measured_to_be(
    network: LegacyResNet, image: Tensor, spoil: Callable[[Tensor], Tensor], error: float
) -> None:
    assert error_of(network, spoil(image)) == pytest.approx(error, rel=0.02)


def test_folding_the_batch_norms_keeps_the_golden_embedding(network: LegacyResNet, image: Tensor) -> None:
    folded = copy.deepcopy(network)
    fold_batch_norms(folded)
    assert error_of(folded, image) <= TOLERANCE
    norms = [name for name, module in folded.named_modules() if isinstance(module, nn.BatchNorm3d | nn.BatchNorm1d)]
    # those behind a ReLU stay: zero padding lies between them and the next convolution
    assert norms == [f"stages.{block}.residual.{place}" for block in range(8) for place in (2, 5)]


def test_the_parameters_are_as_many_as_published() -> None:
    with torch.device("meta"):
        model = LegacyResNet(LegacyConfig())
    assert parameter_count(model) == 33_737_824
    assert parameter_count(model.bottleneck) == 559_232
    assert parameter_count(model.projection) == 9_504


def test_every_batch_norm_has_the_published_epsilon_and_momentum() -> None:
    with torch.device("meta"):
        model = LegacyResNet(LegacyConfig())
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm3d | nn.BatchNorm1d)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-5, 0.1)}
    assert len(norms) == 1 + 20 + 6


@pytest.mark.parametrize("edge", [128, 130, 131, 127, 64])
def test_a_view_that_would_be_padded_on_one_side_is_refused_with_the_reason(edge: int) -> None:
    with (
        torch.device("meta"),
        pytest.raises(ValueError, match=rf"edge of {edge} voxels.*odd edge.*multiple of 32 plus"),
    ):
        LegacyResNet(LegacyConfig())(torch.empty(1, 1, 129, edge, 129))


def test_fresh_weights_are_drawn_as_published() -> None:
    torch.manual_seed(2)
    model = LegacyResNet(LegacyConfig())
    convolution, dense = model.stages[6].get_submodule("residual.0"), model.bottleneck[0]
    assert convolution.weight.abs().max().item() == pytest.approx((6 / (27 * (256 + 512))) ** 0.5, rel=1e-3)
    assert convolution.bias.abs().max() == 0
    assert dense.weight.std().item() == pytest.approx(0.01, rel=0.02)


def test_every_tensor_of_the_network_has_a_released_name() -> None:
    with torch.device("meta"):
        state = LegacyResNet(LegacyConfig()).state_dict()
    assert sorted(our_names().values()) == sorted(name for name in state if "num_batches" not in name)
    assert set(our_names()) == {
        name for name in golden.variable_shapes() if not name.endswith(golden.ONLY_FOR_TRAINING)
    }


def test_names_weights_and_expectation_are_those_of_the_reference_folder() -> None:
    if not GOLDEN_FOLDER.is_dir():
        pytest.skip("no golden vector beside the checkout (shared/reference/segclr_golden)")
    listed = {}
    for line in (GOLDEN_FOLDER / "variables.txt").read_text().splitlines():
        name, shape = line.split(":0 ")
        listed[name] = tuple(int(edge) for edge in shape[1 : shape.index(")")].split(",") if edge.strip())
    assert golden.variable_shapes() == listed
    expected = np.load(GOLDEN_FOLDER / "expected_embedding_tf.npy")[0]
    np.testing.assert_allclose(golden.numbers(golden.EMBEDDING), expected, atol=1e-6, rtol=0)


def test_the_golden_recipe_passes_its_own_spot_checks(weights: dict[str, NDArray[np.float32]], image: Tensor) -> None:
    assert round(float(image[0, 0, 64, 64, 64]) * 255) == 192
    assert round(float(image[0, 0, 70, 60, 3]) * 255) == (3 * 3 + 5 * 60 + 7 * 70) % 256
    assert float(image.double().sum()) == pytest.approx(201_420.81, abs=0.01)
    first = weights["base_model_0/resnet18/stage_1/bn1/beta"][:3]
    np.testing.assert_allclose(first, [0.0882026, 0.0200079, 0.0489369], atol=1e-7)
    kernel = weights["base_model_0/resnet18/stage_2/block_a/conv_0/kernel"]
    assert kernel.shape == (3, 3, 3, 64, 64)
    stem = weights["base_model_0/resnet18/stage_1/conv1/kernel"].ravel()[:3]
    np.testing.assert_allclose(stem, [0.0336923, -0.0252654, 0.1856146], atol=1e-7)
