"""The released tensors' names, shapes and values."""

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.encoder.released import state_from_released
from segclr.errors import CheckpointMismatch
from tests.segclr.encoder import golden_legacy as golden

pytestmark = pytest.mark.torch
SHORTCUT = "base_model_0/resnet18/stage_2/block_a/shortcut_conv/kernel"
DENSE = "bottleneck_head_0/nl_2/dense/kernel"
VARIANCE = "base_model_0/resnet18/stage_1/bn1/moving_variance"
Tensors = dict[str, NDArray[np.float32]]


@pytest.fixture
def ones() -> Tensors:
    """All released variables; they take no memory."""
    return {name: np.broadcast_to(np.float32(1), shape) for name, shape in golden.variable_shapes().items()}


def refusal(tensors: Tensors) -> str:
    shapes = {name: tensor.shape for name, tensor in tensors.items()}
    with pytest.raises(CheckpointMismatch) as raised:
        state_from_released(shapes, tensors.__getitem__)
    text = str(raised.value)
    assert "\n" not in text
    return text.removeprefix("these are not the tensors of the released network; ")


def test_missing_tensors_are_named(ones: Tensors) -> None:
    del ones[SHORTCUT], ones[VARIANCE]
    assert refusal(ones) == f"missing: {VARIANCE}, {SHORTCUT}"


def test_extra_tensors_are_named_but_those_of_batch_renormalisation_may_be_there_or_not(ones: Tensors) -> None:
    ones["optimizer/momentum"] = ones["base_model_0/resnet18/stage_9/bn_0/gamma"] = np.ones(3, np.float32)
    for name in [name for name in ones if name.endswith("renorm_mean")]:
        del ones[name]
    assert refusal(ones) == "extra: base_model_0/resnet18/stage_9/bn_0/gamma, optimizer/momentum"


@pytest.mark.parametrize(("name", "shape"), [(DENSE, (512, 128)), (DENSE, (64, 512)), (SHORTCUT, (64, 64, 1, 1, 1))])
def test_misshapen_tensors_are_named_with_both_shapes(ones: Tensors, name: str, shape: tuple[int, ...]) -> None:
    expected = ones[name].shape
    ones[name] = np.ones(shape, np.float32)
    assert refusal(ones) == f"misshapen: {name} {shape} instead of {expected}"


def test_all_kinds_of_faults_are_told_at_once(ones: Tensors) -> None:
    del ones[SHORTCUT]
    ones[VARIANCE] = ones["other"] = np.ones(3, np.float32)
    assert refusal(ones) == f"missing: {SHORTCUT}; extra: other; misshapen: {VARIANCE} (3,) instead of (64,)"


def test_of_many_faults_twelve_are_named_and_the_rest_is_counted(ones: Tensors) -> None:
    heads = {name: tensor for name, tensor in ones.items() if "resnet18" not in name}
    text = refusal(heads)
    assert text.count(",") == 11
    assert text.endswith(" and 114 more")  # of the 156 tensors that the network needs, 30 are in the heads


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(ones: Tensors, value: float) -> None:
    tensor = ones[SHORTCUT].copy()
    tensor[0, 0, 0, 3, 5] = value
    ones[SHORTCUT] = tensor
    assert refusal(ones) == f"not finite: {SHORTCUT}"


def test_a_negative_variance_is_refused(ones: Tensors) -> None:
    ones[VARIANCE] = np.full(64, -1e-3, np.float32)
    assert refusal(ones) == f"negative: {VARIANCE}"


def test_kernels_are_turned_to_our_order_of_axes(ones: Tensors) -> None:
    stem, dense = "base_model_0/resnet18/stage_1/conv1/kernel", "bottleneck_head_0/nl_2/dense/kernel"
    for name in (stem, dense):
        ones[name] = np.arange(ones[name].size, dtype=np.float32).reshape(ones[name].shape)
    state = state_from_released({name: tensor.shape for name, tensor in ones.items()}, ones.__getitem__)
    assert state["stem.0.weight"][9, 0, 1, 2, 3] == ones[stem][1, 2, 3, 0, 9]
    assert state["bottleneck.6.weight"][9, 300] == ones[dense][300, 9]
