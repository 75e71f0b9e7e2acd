"""The encoder network."""

import pytest
import torch

from segclr.encoder.config import EncoderConfig
from segclr.encoder.resnet import SegclrResNet, fold_batch_norms, parameter_count

pytestmark = pytest.mark.torch
TINY = EncoderConfig((4, 6, 8), (1, 2, 1), stem_kernel=5, stem_pool=False)


def network(config: EncoderConfig = TINY) -> SegclrResNet:
    torch.manual_seed(0)
    return SegclrResNet(config)


def test_the_default_is_the_published_size() -> None:
    with torch.device("meta"):
        count = parameter_count(SegclrResNet(EncoderConfig()))
    # 33,737,824 as published, less 4,864 convolution biases (two per block and shortcut, one in the stem) and less the
    # shortcut of stage 2, a convolution of 64 x 64 with its bias and BatchNorm
    published, biases, shortcut = 33_737_824, 64 + 4 * (64 + 128 + 256 + 512) + (128 + 256 + 512), 64 * 64 + 3 * 64
    assert count == published - biases - shortcut


def test_views_of_any_odd_size_become_64_numbers_and_16_for_the_loss() -> None:
    model = network().eval()
    for z, y, x in ((9, 9, 9), (13, 17, 21)):
        embedding = model(torch.rand(2, 1, z, y, x))
        assert embedding.shape == (2, 64)
        assert model.project(embedding).shape == (2, 16)


def test_an_even_view_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match=r"even edge.*centre voxel"):
        network()(torch.rand(1, 1, 9, 10, 9))


def test_pooling_in_the_segment_does_not_see_how_much_of_the_view_is_empty() -> None:
    model = network(EncoderConfig((4, 6), (1, 2), 3, stem_pool=False, pooling="segment")).eval()
    pooled: list[torch.Tensor] = []
    model.bottleneck.register_forward_pre_hook(lambda _, inputs: pooled.append(inputs[0][0]))
    narrow = torch.zeros(1, 1, 17, 17, 17)
    narrow[..., 6:11, 5:13, 7:10] = torch.rand(5, 8, 3) + 0.1
    wide = torch.nn.functional.pad(narrow, (8,) * 6)
    with torch.no_grad():
        model(narrow)
        model(wide)
    assert pooled[0].shape == (4 + 6 + 6,)
    torch.testing.assert_close(pooled[1][:10], pooled[0][:10], rtol=0.05, atol=0.005)  # but for its border
    assert pooled[1][10:].norm() < 0.5 * pooled[0][10:].norm()  # the plain mean fades


def test_an_empty_view_is_embedded_as_numbers() -> None:
    model = network(EncoderConfig((4, 6), (1, 1), 3, stem_pool=True, pooling="segment")).eval()
    assert torch.isfinite(model(torch.zeros(2, 1, 9, 9, 9))).all()


def test_a_pooling_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="mean, segment"):
        EncoderConfig(pooling="median")  # type: ignore[arg-type]


def test_an_even_stem_is_refused() -> None:
    with pytest.raises(ValueError, match="must be odd"):
        EncoderConfig(stem_kernel=4)


def test_widths_and_blocks_must_name_the_same_stages() -> None:
    with pytest.raises(ValueError, match="same stages"):
        EncoderConfig((4, 6), (1,))


def test_the_embedding_ends_in_a_batch_norm_and_is_not_normalised_to_length_one() -> None:
    embedding = network().train()(torch.rand(32, 1, 9, 9, 9)).detach()
    torch.testing.assert_close(embedding.mean(0), torch.zeros(64), atol=1e-4, rtol=0)
    assert embedding.std(0).min() > 0.3  # a ReLU after it would cut half of each number off
    assert embedding.min() < -1
    assert embedding.norm(dim=1).std() > 0.1


def test_folding_the_batch_norms_changes_nothing_but_rounding() -> None:
    model = network().train()
    views = torch.rand(6, 1, 11, 9, 13)
    for _ in range(4):
        model(views)
    expected = model.eval()(views).detach()
    fold_batch_norms(model)
    assert not any(isinstance(m, torch.nn.BatchNorm3d) for m in model.stages.modules())
    torch.testing.assert_close(model(views).detach(), expected, atol=1e-5, rtol=1e-5)


def test_the_same_seed_gives_the_same_network() -> None:
    views = torch.rand(2, 1, 9, 9, 9)
    assert torch.equal(network().eval()(views), network().eval()(views))
