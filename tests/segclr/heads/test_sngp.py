"""What the SNGP head has of its own: bounded layers, random features, the exact variance."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch", reason="the network heads need torch")

from segclr.heads.calibration import softmax  # noqa: E402
from segclr.heads.gaussian_process import (  # noqa: E402
    PUBLISHED,
    GaussianProcess,
    RandomFeatures,
    SngpSettings,
    orthogonal_frequencies,
)
from segclr.heads.residual import TrainingSettings, train  # noqa: E402
from segclr.heads.sngp import SngpHead, fit_sngp  # noqa: E402

Labels = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]
Make = Callable[..., Labels]

QUICK = TrainingSettings(most_epochs=40, patience=8, blind_epochs=20, learning_rate=3e-3)
SMALL = SngpSettings(hidden=16, features=256, training=QUICK)


@pytest.fixture(scope="module")
def fitted() -> tuple[SngpHead, NDArray[np.float32]]:
    """A head, and the embeddings of its labels."""
    rng = np.random.default_rng(0)
    classes = np.arange(200) % 3
    embeddings = (rng.normal(size=(200, 6)) + 3 * np.eye(6)[classes]).astype(np.float32)
    groups = np.uint64(2**63) + rng.integers(0, 40, 200).astype(np.uint64)
    return fit_sngp(embeddings, np.array([0, 2, 3])[classes], groups, class_count=5, settings=SMALL).head, embeddings


def phi(head: SngpHead, embeddings: NDArray[np.float32]) -> NDArray[np.float64]:
    standard = (embeddings - head.mean) / head.std
    return head.network(torch.from_numpy(standard).float()).numpy().astype(np.float64)


def test_the_published_network_has_80768_trainable_parameters() -> None:
    network = GaussianProcess(64, 3, PUBLISHED)
    assert sum(parameter.numel() for parameter in network.parameters()) == 80_768


def test_the_variance_is_that_of_the_exact_precision_of_all_labels(
    fitted: tuple[SngpHead, NDArray[np.float32]],
) -> None:
    head, embeddings = fitted
    labelled = phi(head, embeddings)
    asked = np.random.default_rng(1).normal(size=(40, 6)).astype(np.float32) * 4
    precision = SMALL.ridge * np.eye(256) + labelled.T @ labelled
    for values in (embeddings, asked):
        rows = phi(head, values)
        exact = SMALL.ridge * (rows * np.linalg.solve(precision, rows.T).T).sum(axis=1)
        np.testing.assert_allclose(head.variance(values), exact, rtol=2e-3, atol=1e-5)


def test_classifying_changes_nothing(fitted: tuple[SngpHead, NDArray[np.float32]]) -> None:
    head, embeddings = fitted
    kept = [array.copy() for array in (head.output.basis, head.output.shrinkage, head.output.weights)]
    state = {name: value.clone() for name, value in head.network.state_dict().items()}
    first = head.variance(embeddings)
    for _ in range(3):
        head.assess(np.random.default_rng(2).normal(size=(5000, 6)).astype(np.float32) * 9)
        head.dempster_shafer(embeddings)
    np.testing.assert_array_equal(head.variance(embeddings), first)
    for array, before in zip((head.output.basis, head.output.shrinkage, head.output.weights), kept, strict=True):
        np.testing.assert_array_equal(array, before)
    assert all(torch.equal(value, state[name]) for name, value in head.network.state_dict().items())
    assert not head.network.training


def test_variance_grows_with_the_distance_from_the_labels_and_falls_with_their_number(
    fitted: tuple[SngpHead, NDArray[np.float32]],
) -> None:
    head, embeddings = fitted
    means = [
        head.variance(embeddings.mean(axis=0) + stretch * (embeddings - embeddings.mean(axis=0))).mean()
        for stretch in (1, 3, 10)
    ]
    assert means[0] < 0.3 * means[1] < 0.3 * means[2] <= 0.35


def test_mean_field_logits_and_dempster_shafer_are_their_formulas(
    fitted: tuple[SngpHead, NDArray[np.float32]],
) -> None:
    head, _ = fitted
    asked = np.random.default_rng(3).normal(size=(30, 6)).astype(np.float32) * 3
    assert head.mean_field_lambda == pytest.approx(3 / math.pi**2)
    plain = replace(head, mean_field_lambda=0.0).logits(asked)
    adjusted = head.logits(asked)
    variance = head.variance(asked).astype(np.float64)
    present = [0, 2, 3]
    np.testing.assert_allclose(
        adjusted[:, present], plain[:, present] / np.sqrt(1 + 3 / math.pi**2 * variance)[:, None], rtol=1e-4, atol=1e-5
    )
    assert (adjusted[:, [1, 4]] == -np.inf).all()
    np.testing.assert_allclose(
        head.dempster_shafer(asked), 3 / (3 + np.exp(adjusted[:, present]).sum(axis=1)), rtol=1e-4
    )
    np.testing.assert_allclose(head.predict(asked), softmax(adjusted, head.temperature), atol=1e-6)


def test_products_of_features_are_the_kernel_of_the_length_scale() -> None:
    torch.manual_seed(0)
    network = RandomFeatures(6, SngpSettings(hidden=16, features=4096)).requires_grad_(False)
    x = torch.randn(12, 6)
    squares = torch.cdist(network.trunk(x), network.trunk(x)) ** 2
    for length_scale in (1.0, 3.0):
        network.length_scale.fill_(length_scale)
        products = network(x) @ network(x).T
        kernel = torch.exp(-squares / (2 * length_scale**2))
        assert float((products - kernel).abs().max()) < 0.08


def test_the_length_scale_acts_unless_as_published_layer_norm_undoes_it(labels: Make) -> None:
    embeddings, classes, groups = labels(90)
    found = []
    for factor in (0.5, 2.0):
        head = fit_sngp(embeddings, classes, groups, 3, settings=replace(SMALL, length_scale=factor)).head
        found.append(head)
    short, long = found
    assert float(long.network.length_scale) == pytest.approx(4 * float(short.network.length_scale), rel=1e-3)
    assert short.variance(embeddings).mean() > 2 * long.variance(embeddings).mean()

    torch.manual_seed(0)
    blind = RandomFeatures(6, replace(SMALL, layer_norm=True)).requires_grad_(False)
    seeing = RandomFeatures(6, SMALL).requires_grad_(False)
    for layer in (*blind.trunk.inner, *seeing.trunk.inner):
        torch.nn.init.zeros_(layer.weight)  # the trunk is linear: stretching its input stretches its output
    x = torch.randn(20, 6)
    assert float((blind(20 * x) - blind(x)).abs().max()) < 1e-3
    assert float((seeing(20 * x) - seeing(x)).abs().max()) > 0.05


def test_frequencies_are_orthogonal_in_blocks_and_as_long_as_gaussian_ones() -> None:
    torch.manual_seed(0)
    frequencies = orthogonal_frequencies(300, 64).double()
    block = frequencies[64:128]
    lengths = frequencies.norm(dim=1)
    products = block @ block.T / lengths[64:128, None] / lengths[None, 64:128]
    assert float((products - torch.eye(64)).abs().max()) < 1e-5
    assert frequencies.shape == (300, 64)
    assert float(lengths.mean()) == pytest.approx(8, rel=0.03)
    assert float(lengths.std()) == pytest.approx(math.sqrt(0.5), rel=0.2)


@pytest.mark.parametrize("jointly", [False, True])
def test_trained_layers_stay_within_the_spectral_bound_but_for_the_first(jointly: bool) -> None:
    rng = np.random.default_rng(0)
    x, classes = rng.normal(size=(256, 6)), np.arange(256) % 2
    x[:, 0] += 3 * classes
    groups = np.arange(256, dtype=np.uint64)
    settings = replace(SMALL, jointly=jointly, penalty=0.0, training=replace(QUICK, patience=40))
    bounded = train(lambda: GaussianProcess(6, 2, settings), x, classes, groups, settings.training, 0)
    free = train(
        lambda: GaussianProcess(6, 2, replace(settings, spectral_bound=50.0)), x, classes, groups, settings.training, 0
    )
    norms = [
        [float(torch.linalg.matrix_norm(layer.weight, 2)) for layer in network.features.trunk.inner]
        for network in (bounded, free)
    ]
    assert max(norms[0]) < 0.95 * 1.05
    assert min(norms[1]) > 1.2  # a bound that is not reached changes nothing
    assert float(torch.linalg.matrix_norm(bounded.features.trunk.entry.weight, 2)) > 0.95


def test_the_published_settings_fit_too(labels: Make) -> None:
    settings = replace(PUBLISHED, hidden=16, features=128, training=QUICK)
    fitted = fit_sngp(*labels(90), class_count=3, settings=settings)
    assert float(fitted.head.network.length_scale) == 1
    assert np.isfinite(fitted.head.predict(labels(20)[0])).all()
