"""The released tensors: their names and layouts in TensorFlow, and what they are called here.

Names are those of google-research/connectomics, segclr/resnet.py and segclr/model_util.py.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from segclr.encoder.config import LegacyConfig
from segclr.encoder.legacy import LegacyResNet
from segclr.errors import CheckpointMismatch

ONLY_FOR_TRAINING = ("moving_stddev", "renorm_mean", "renorm_stddev")
"""Last parts of the names of tensors that batch renormalisation keeps and inference does not use."""

_CONVOLUTION = {"kernel": "weight", "bias": "bias"}
_DENSE = {"kernel": "weight"}
_NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}

# Number of axes -> axes of TensorFlow's tensor in our order, and ours in TensorFlow's: a convolution's kernel is
# (z, y, x, in, out) there and (out, in, z, y, x) here, a dense one (in, out) there and (out, in) here.
_TO_OURS = {5: (4, 3, 0, 1, 2), 2: (1, 0), 1: (0,)}
_TO_THEIRS = {5: (2, 3, 4, 1, 0), 2: (1, 0), 1: (0,)}
_NAMED_AT_MOST = 12  # of a kind, in one message


def our_names() -> dict[str, str]:
    """TensorFlow's name of each tensor that the network needs -> its name in the state of ``LegacyResNet``."""
    return {
        f"{their_layer}/{theirs}": f"{our_layer}.{ours}"
        for their_layer, our_layer, kinds in _layers()
        for theirs, ours in kinds.items()
    }


def state_from_released(
    shapes: Mapping[str, tuple[int, ...]], read: Callable[[str], NDArray[np.float32]]
) -> dict[str, Tensor]:
    """Rename and transpose the released tensors; those that only training used are left out.

    Args:
        shapes: TensorFlow's names of all tensors there are, with their shapes in TensorFlow's layout.
        read: Gives the tensor of a name, in that layout; asked only for those that the network needs.

    Returns:
        The whole state of a ``LegacyResNet``, but for the counters of its BatchNorms.

    Raises:
        CheckpointMismatch: Names each tensor that is missing, extra, misshapen, or holds impossible values.
    """
    needed = _their_shapes()
    used = {name: shape for name, shape in shapes.items() if name.rpartition("/")[2] not in ONLY_FOR_TRAINING}
    wrong = [
        f"{name} {used[name]} instead of {needed[name]}"
        for name in sorted(needed.keys() & used.keys())
        if used[name] != needed[name]
    ]
    _refuse_if_any(
        missing=sorted(needed.keys() - used.keys()), extra=sorted(used.keys() - needed.keys()), misshapen=wrong
    )
    tensors = {name: read(name) for name in needed}
    _refuse_if_any(
        not_finite=[name for name, tensor in tensors.items() if not np.isfinite(tensor).all()],
        negative=[name for name, tensor in tensors.items() if name.endswith("variance") and tensor.min() < 0],
    )
    return {
        ours: torch.from_numpy(tensors[theirs].transpose(_TO_OURS[tensors[theirs].ndim]).copy())
        for theirs, ours in our_names().items()
    }


def _layers() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Name there, name here and kinds of tensors of each layer."""
    root = "base_model_0/resnet18"
    yield f"{root}/stage_1/conv1", "stem.0", _CONVOLUTION
    yield f"{root}/stage_1/bn1", "stem.1", _NORM
    for block in range(8):
        theirs, ours = f"{root}/stage_{block // 2 + 2}/block_{'ab'[block % 2]}", f"stages.{block}"
        yield f"{theirs}/conv_0", f"{ours}.residual.0", _CONVOLUTION
        yield f"{theirs}/bn_0", f"{ours}.residual.2", _NORM
        yield f"{theirs}/conv_1", f"{ours}.residual.3", _CONVOLUTION
        yield f"{theirs}/bn_1", f"{ours}.residual.5", _NORM
        if block % 2 == 0:
            yield f"{theirs}/shortcut_conv", f"{ours}.shortcut.0", _CONVOLUTION
            yield f"{theirs}/shortcut_bn", f"{ours}.shortcut.1", _NORM
    for theirs, ours in (("bottleneck_head_0", "bottleneck"), ("projection_head_0_0", "projection")):
        for layer in range(3):
            yield f"{theirs}/nl_{layer}/dense", f"{ours}.{3 * layer}", _DENSE
            yield f"{theirs}/nl_{layer}/nl_{layer}_bn", f"{ours}.{3 * layer + 1}", _NORM


def _their_shapes() -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        state = LegacyResNet(LegacyConfig()).state_dict()
    shapes = {theirs: tuple(state[ours].shape) for theirs, ours in our_names().items()}
    return {name: tuple(shape[axis] for axis in _TO_THEIRS[len(shape)]) for name, shape in shapes.items()}


def _refuse_if_any(**complaints: list[str]) -> None:
    """Refuse the tensors if there is a name behind any complaint."""
    texts = []
    for what, names in complaints.items():
        if names:
            more = f" and {len(names) - _NAMED_AT_MOST} more" if len(names) > _NAMED_AT_MOST else ""
            texts.append(f"{what.replace('_', ' ')}: {', '.join(names[:_NAMED_AT_MOST])}{more}")
    if texts:
        raise CheckpointMismatch(f"these are not the tensors of the released network; {'; '.join(texts)}")
