"""The rewritten stem."""

import pytest
import torch
from torch import nn

from segclr.encoder.config import EncoderConfig
from segclr.encoder.resnet import SegclrResNet
from segclr.encoder.space_to_depth import SpaceToDepthConv, space_to_depth, with_space_to_depth_stem

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("kernel", [3, 5, 7, (3, 7, 5)])
@pytest.mark.parametrize("bias", [True, False])
def test_it_gives_what_the_convolution_gives(kernel: int | tuple[int, int, int], bias: bool) -> None:
    torch.manual_seed(0)
    padding = kernel // 2 if isinstance(kernel, int) else tuple(edge // 2 for edge in kernel)
    conv = nn.Conv3d(1, 6, kernel, 2, padding, bias=bias)
    image = torch.rand(2, 1, 17, 21, 27)
    with torch.inference_mode():
        expected, found = conv(image), SpaceToDepthConv(conv)(image)
        assert found.shape == expected.shape
        assert (found - expected).norm() <= 6e-7 * expected.norm()
        exact = conv.double()(image.double())
        assert (SpaceToDepthConv(conv).double()(image.double()) - exact).norm() <= 1e-14 * exact.norm()


@pytest.mark.parametrize("padding", [0, 1, 2, 4])
def test_any_padding_is_kept(padding: int) -> None:
    conv = nn.Conv3d(1, 2, 5, 2, padding)
    image = torch.rand(1, 1, 13, 9, 15, dtype=torch.float64)
    torch.testing.assert_close(SpaceToDepthConv(conv).double()(image), conv.double()(image), rtol=0, atol=1e-13)


def test_channels_are_the_voxels_of_a_cell_with_x_running_fastest() -> None:
    image = torch.arange(4 * 6 * 8.0).reshape(1, 1, 4, 6, 8)
    cells = space_to_depth(image)
    assert cells.shape == (1, 8, 2, 3, 4)
    assert cells[0, :, 1, 2, 3].tolist() == image[0, 0, 2:, 4:, 6:].flatten().tolist()


@pytest.mark.parametrize(
    "conv",
    [
        nn.Conv3d(2, 4, 5, 2),
        nn.Conv3d(1, 4, 5, 1),
        nn.Conv3d(1, 4, 4, 2),
        nn.Conv3d(1, 4, 5, 2, dilation=2),
        nn.Conv3d(1, 4, 5, 2, padding=2, padding_mode="replicate"),
    ],
)
def test_other_convolutions_are_refused(conv: nn.Conv3d) -> None:
    with pytest.raises(ValueError, match="one-channel convolution of stride 2"):
        SpaceToDepthConv(conv)


@pytest.mark.parametrize("kernel", [3, 5, 7])
def test_a_network_with_a_rewritten_stem_embeds_the_same_and_the_old_one_is_left_as_it_is(kernel: int) -> None:
    torch.manual_seed(0)
    network = SegclrResNet(EncoderConfig((4, 6), (1, 1), stem_kernel=kernel, stem_pool=False)).eval()
    rewritten = with_space_to_depth_stem(network)
    assert sum(isinstance(module, SpaceToDepthConv) for module in rewritten.modules()) == 1
    assert not any(isinstance(module, SpaceToDepthConv) for module in network.modules())
    image = torch.rand(2, 1, 15, 13, 17)
    with torch.inference_mode():
        expected = network(image)
        assert (rewritten(image) - expected).norm() <= 1e-6 * expected.norm()


def test_a_network_without_such_a_stem_is_only_copied() -> None:
    network = nn.Sequential(nn.Conv3d(1, 4, 3, 1), nn.ReLU())
    assert not any(isinstance(module, SpaceToDepthConv) for module in with_space_to_depth_stem(network).modules())
