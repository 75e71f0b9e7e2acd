"""What Google's TensorFlow graph computes for made-up weights and a made-up image, and how to make these.

The embedding was logged from the released model class (google-research/connectomics, TensorFlow 2.15.1, CPU, float32);
activations and projection from a PyTorch port that matches it to 1.05e-5.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

EMBEDDING = """
-5.092715 1.953785 -1.641550 -1.993300 0.485190 3.523139 3.426266 7.980462
-5.651630 2.447841 7.577346 9.987604 -0.697678 -2.553884 -5.495624 -3.313085
2.970312 -4.450255 3.160692 4.973504 -3.579181 13.217305 7.290429 -1.175870
2.787889 -7.558881 12.727205 -2.414643 3.389242 1.067713 3.557018 0.041029
10.613287 -2.814374 -5.339523 1.944241 -3.178992 4.769083 -3.534717 2.403391
-1.723816 -4.257885 1.088270 -1.688607 0.615990 0.822797 3.336662 -1.753510
5.347017 -2.447087 -12.986927 5.224921 -6.769607 0.841924 7.792511 -1.752128
-0.022567 -1.423741 1.974152 4.406055 2.788423 -2.193299 -3.043227 4.139935
"""
PROJECTION = """
-4.79985 -5.21367 -6.48072 5.61473 -5.81432 3.57109 -1.31961 8.77175
1.96854 -1.85907 -5.06079 0.44131 -8.09555 -1.77110 4.51646 1.60967
"""
OF_NOTHING = (-1.46890, 0.66256, -0.27308, -0.09602)  # first numbers for an image of zeros
NORM_OF_NOTHING = 10.7546
ACTIVATIONS = {  # mean and (n - 1) standard deviation
    "stem": (0.00947, 0.34422),
    "stem_pool": (0.10097, 0.38360),
    "stages.1": (0.50324, 0.82267),
    "stages.3": (0.97176, 1.66519),
    "stages.5": (1.98318, 2.83893),
    "stages.7": (3.75868, 4.33711),
    "pooled": (3.75868, 2.33734),
}
ONLY_FOR_TRAINING = ("moving_stddev", "renorm_mean", "renorm_stddev")


def numbers(text: str) -> NDArray[np.float64]:
    return np.array(text.split(), np.float64)


def image() -> NDArray[np.float32]:
    """(z, y, x): two overlapping shapes with a periodic ramp in them, 0 to 1."""
    z, y, x = np.ogrid[:129, :129, :129]
    ball = (x - 64) ** 2 + (y - 64) ** 2 + (z - 64) ** 2 < 45**2
    tube = (y - 60) ** 2 + (z - 70) ** 2 < 12**2
    grey = (3 * x + 5 * y + 7 * z) % 256
    return np.where(ball | tube, grey, 0).astype(np.float32) / np.float32(255)


def variable_shapes() -> dict[str, tuple[int, ...]]:
    """Names and shapes of all 216 variables of the released model class, in TensorFlow's layout."""
    return dict(sorted(_variables()))


def variables() -> dict[str, NDArray[np.float32]]:
    """The made-up weights by name."""
    shapes = variable_shapes()
    return {name: _value(index, name, shape) for index, (name, shape) in enumerate(shapes.items())}


def _value(index: int, name: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    base = np.random.RandomState(index).standard_normal(int(np.prod(shape)))
    kind = name.rpartition("/")[2]
    if kind == "kernel":
        value = base * np.sqrt(2 / np.prod(shape[:-1]))
    elif kind == "gamma":
        value = 1 + 0.1 * base
    elif kind == "moving_variance":
        value = 1 + 0.2 * np.abs(base)
    elif kind in ("moving_stddev", "renorm_stddev"):
        value = np.ones_like(base)
    elif kind == "renorm_mean":
        value = np.zeros_like(base)
    else:  # beta, bias, moving_mean
        value = 0.05 * base
    return value.reshape(shape).astype(np.float32)


def _variables() -> Iterator[tuple[str, tuple[int, ...]]]:
    root = "base_model_0/resnet18"
    yield from _convolution(f"{root}/stage_1/conv1", 7, 1, 64)
    yield from _norm(f"{root}/stage_1/bn1", 64, renormalised=False)
    channels_in = 64
    for stage, channels in ((2, 64), (3, 128), (4, 256), (5, 512)):
        for block in ("block_a", "block_b"):
            name = f"{root}/stage_{stage}/{block}"
            yield from _convolution(f"{name}/conv_0", 3, channels_in, channels)
            yield from _norm(f"{name}/bn_0", channels, renormalised=True)
            yield from _convolution(f"{name}/conv_1", 3, channels, channels)
            yield from _norm(f"{name}/bn_1", channels, renormalised=True)
            if block == "block_a":
                yield from _convolution(f"{name}/shortcut_conv", 1, channels_in, channels)
                yield from _norm(f"{name}/shortcut_bn", channels, renormalised=True)
            channels_in = channels
    for head, widths in (("bottleneck_head_0", (512, 512, 512, 64)), ("projection_head_0_0", (64, 64, 64, 16))):
        for layer in range(3):
            yield f"{head}/nl_{layer}/dense/kernel", widths[layer : layer + 2]
            yield from _norm(f"{head}/nl_{layer}/nl_{layer}_bn", widths[layer + 1], renormalised=False)


def _convolution(name: str, edge: int, channels_in: int, channels: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}/kernel", (edge, edge, edge, channels_in, channels)
    yield f"{name}/bias", (channels,)


def _norm(name: str, channels: int, renormalised: bool) -> Iterator[tuple[str, tuple[int, ...]]]:
    for kind in ("gamma", "beta", "moving_mean", "moving_variance", *(ONLY_FOR_TRAINING if renormalised else ())):
        yield f"{name}/{kind}", (channels,)
