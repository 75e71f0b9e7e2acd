"""What the ResNet and the SNGP head have in common, and how their network is trained."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

pytestmark = pytest.mark.torch
torch = pytest.importorskip("torch", reason="the network heads need torch")

from segclr.errors import CheckpointMismatch, TableError, TooFewLabels  # noqa: E402
from segclr.heads.evaluation import fold_of  # noqa: E402
from segclr.heads.gaussian_process import SngpSettings  # noqa: E402
from segclr.heads.linear import fit_head  # noqa: E402
from segclr.heads.residual import TrainingSettings, train  # noqa: E402
from segclr.heads.resnet import ResNet, ResNetSettings, fit_resnet, open_resnet  # noqa: E402
from segclr.heads.sngp import fit_sngp, open_sngp  # noqa: E402

Labels = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]
Make = Callable[..., Labels]

QUICK = TrainingSettings(most_epochs=60, patience=8, blind_epochs=20, learning_rate=3e-3)
SMALL_RESNET = ResNetSettings(hidden=16, training=QUICK)
SMALL_SNGP = SngpSettings(hidden=16, features=128, training=QUICK)


def fit_small_resnet(*labels: Any, **named: Any) -> Any:
    return fit_resnet(*labels, **named, settings=SMALL_RESNET)


def fit_small_sngp(*labels: Any, **named: Any) -> Any:
    return fit_sngp(*labels, **named, settings=SMALL_SNGP)


BOTH = pytest.mark.parametrize(
    ("fit", "reopen"), [(fit_small_resnet, open_resnet), (fit_small_sngp, open_sngp)], ids=["resnet", "sngp"]
)


@BOTH
def test_rings_that_no_line_divides_are_told_apart_and_calibrated(fit: Any, reopen: Any, labels: Make) -> None:
    fitted = fit(*labels(330), class_count=3)
    fresh, classes, _ = labels(600, seed=7)
    right = (fitted.head.predict_codes(fresh)[0] == classes).mean()
    straight = (fit_head(*labels(330), class_count=3).head.predict_codes(fresh)[0] == classes).mean()
    assert right > 0.75 > 0.6 > straight
    assert fitted.held_out is not None
    assert fitted.held_out.accuracy_low < right < fitted.held_out.accuracy_high
    assert fitted.head.temperature == fitted.held_out.temperature
    threshold = fitted.head.novelty.threshold
    assert threshold is not None
    assert threshold.measured_coverage == pytest.approx(0.95, abs=0.03)


@BOTH
def test_the_same_labels_give_the_same_head_and_leave_no_trace(fit: Any, reopen: Any, labels: Make) -> None:
    asked = labels(50, seed=3)[0]
    before = torch.random.get_rng_state(), torch.get_num_threads()
    first = fit(*labels(60), class_count=3, seed=5)
    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert torch.get_num_threads() == before[1]
    torch.rand(3)
    again = fit(*labels(60), class_count=3, seed=5)
    np.testing.assert_array_equal(first.head.predict(asked), again.head.predict(asked))
    assert first.held_out == again.held_out
    assert not np.array_equal(first.head.predict(asked), fit(*labels(60), class_count=3, seed=6).head.predict(asked))


@BOTH
def test_a_stored_head_answers_the_same(fit: Any, reopen: Any, labels: Make, tmp_path: Path) -> None:
    embeddings, classes, groups = labels(90)
    head = fit(embeddings, np.array([0, 2, 3])[classes], groups, class_count=5).head
    head.save(tmp_path / "head.npz")
    opened = reopen(tmp_path / "head.npz")
    first, again = head.assess(embeddings), opened.assess(embeddings)
    for name in ("probabilities", "ambiguity", "distance"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
    assert opened.novelty.threshold == head.novelty.threshold
    assert [path.name for path in tmp_path.iterdir()] == ["head.npz"]


@BOTH
@pytest.mark.parametrize("part", ["present", "mean", "novelty_mean", "network_trunk.entry.weight"])
def test_a_damaged_file_is_refused(fit: Any, reopen: Any, part: str, labels: Make, tmp_path: Path) -> None:
    path = tmp_path / "head.npz"
    fit(*labels(12), class_count=3).head.save(path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    for changed in ({part: arrays[part][:-1]}, {part: np.array(["x"])}):
        np.savez(path, **{**arrays, **changed})
        with pytest.raises(CheckpointMismatch, match="damaged"):
            reopen(path)
    np.savez(path, **{name: array for name, array in arrays.items() if name != part})
    with pytest.raises(CheckpointMismatch, match="damaged"):
        reopen(path)


def test_a_head_of_another_kind_is_refused(labels: Make, tmp_path: Path) -> None:
    fit_small_resnet(*labels(12), class_count=3).head.save(tmp_path / "head.npz")
    with pytest.raises(CheckpointMismatch, match="of the kind resnet, not sngp"):
        open_sngp(tmp_path / "head.npz")


@BOTH
def test_classes_without_labels_have_probability_zero(fit: Any, reopen: Any, labels: Make) -> None:
    embeddings, classes, groups = labels(60, class_count=2)
    head = fit(embeddings, np.array([1, 4])[classes], groups, class_count=6).head
    probabilities = head.predict(embeddings)
    assert probabilities.shape == (60, 6)
    assert (probabilities[:, [0, 2, 3, 5]] == 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    codes, confidence = head.predict_codes(embeddings)
    np.testing.assert_array_equal(codes, probabilities.argmax(axis=1))
    assert np.abs(confidence - 255 * probabilities.max(axis=1)).max() <= 0.51


@BOTH
def test_a_class_with_one_label_is_learned_and_counted_as_untested(fit: Any, reopen: Any, labels: Make) -> None:
    embeddings, classes, groups = labels(61, class_count=2)
    far = embeddings.mean(axis=0) + 12 * embeddings.std(axis=0)
    group = groups[fold_of(groups, 7919) == 0][0]  # among the labels that decide when to stop
    fitted = fit(np.vstack([embeddings, far]), np.append(classes, 2), np.append(groups, group), class_count=3)
    assert fitted.head.predict_codes(far[None])[0].tolist() == [2]
    assert fitted.held_out is not None
    assert fitted.held_out.untested == 1


@BOTH
def test_labels_that_contradict_each_other_share_the_probability(fit: Any, reopen: Any, labels: Make) -> None:
    embeddings, classes, groups = labels(40, class_count=2)
    place = embeddings.mean(axis=0) + 8 * embeddings.std(axis=0)
    quarrel = np.tile(place, (40, 1)).astype(np.float32)
    ids = np.uint64(2**63 + 1000) + np.arange(40, dtype=np.uint64)
    fitted = fit(
        np.vstack([embeddings, quarrel]),
        np.append(classes, [2, 3] * 20),
        np.append(groups, ids),
        class_count=4,
    )
    two = fitted.head.predict(place[None])[0, 2:]
    assert two.min() > 0.3


@BOTH
def test_labels_on_one_segment_make_a_head_without_figures(fit: Any, reopen: Any, labels: Make) -> None:
    embeddings, classes, _ = labels(90, class_count=2)
    fitted = fit(embeddings, classes, np.full(90, 2**63 + 1, np.uint64), class_count=2)
    assert fitted.held_out is None
    assert (fitted.head.temperature, fitted.head.novelty.threshold) == (1, None)
    assert (fitted.head.predict_codes(embeddings)[0] == classes).mean() > 0.8


@BOTH
def test_what_makes_no_sense_is_refused(fit: Any, reopen: Any, labels: Make) -> None:
    embeddings, classes, groups = labels(30)
    with pytest.raises(TooFewLabels, match="one class has labels: label at least one place each of two classes"):
        fit(embeddings, np.zeros(30, np.int64), groups, class_count=3)
    with pytest.raises(TooFewLabels, match="there are no labels"):
        fit(embeddings[:0], classes[:0], groups[:0], class_count=3)
    with pytest.raises(ValueError, match="do not fit each other"):
        fit(embeddings, classes[1:], groups, class_count=3)
    head = fit(embeddings, classes, groups, class_count=3).head
    with pytest.raises(ValueError, match=r"\(n, 6\) embeddings, not \(4, 5\): fit it again"):
        head.predict(np.zeros((4, 5), np.float32))
    embeddings[[3, 8], 1] = [np.nan, np.inf]
    for ask in (head.predict, head.predict_codes, head.assess, lambda x: fit(x, classes, groups, class_count=3)):
        with pytest.raises(TableError, match="2 of 30 embeddings are NaN or infinite, the first in row 3: embed"):
            ask(embeddings)


class Watched(ResNet):
    """Remembers what it was shown, and always finds the held-back labels worse than the epoch before."""

    def __init__(self, dimensions: int) -> None:
        super().__init__(dimensions, 2, SMALL_RESNET)
        self.learned: list[set[float]] = []
        self.judged: list[set[float]] = []

    def before_epoch(self, x: Any) -> None:
        self.learned.append(set(x[:, 0].tolist()))

    def forward(self, x: Any) -> Any:
        if torch.is_inference_mode_enabled():
            self.judged.append(set(x[:, 0].tolist()))
            return torch.full((len(x), 2), float(len(self.judged))) * torch.tensor([1.0, 0.0])
        return super().forward(x)


def test_training_stops_on_segments_it_does_not_learn_from_and_keeps_the_best() -> None:
    rng = np.random.default_rng(0)
    groups = np.uint64(2**63 + 5) + np.repeat(np.arange(40), 10).astype(np.uint64)
    x = rng.normal(size=(400, 4)).astype(np.float32).astype(np.float64)
    held_back = fold_of(groups, 3 + 7919) == 0
    classes = np.where(held_back, 1, np.arange(400) % 2)
    states: list[dict[str, Any]] = []

    class Recorder(Watched):
        def before_epoch(self, x: Any) -> None:
            super().before_epoch(x)
            states.append({name: value.clone() for name, value in self.state_dict().items()})

    network = train(lambda: Recorder(4), x, classes, groups, replace(QUICK, patience=4), seed=3)
    assert len(network.learned) == len(network.judged) == 5  # the first is the best, then patience runs out
    assert network.learned[0] == set(x[~held_back, 0].tolist())
    assert network.judged[0] == set(x[held_back, 0].tolist())
    for name, value in network.state_dict().items():
        assert torch.equal(value, states[1][name])  # as it was after the first epoch
    assert not torch.equal(states[1]["output.weight"], states[-1]["output.weight"])


def test_a_penalty_counts_modules_and_output_as_keras_does() -> None:
    torch.manual_seed(0)
    network = ResNet(6, 3, ResNetSettings())
    kernels = [network.output.weight, *(layer.weight for layer in network.trunk.inner)]
    slow = 1e-3 * sum(float((kernel.detach().double() ** 2).sum()) for kernel in kernels)
    assert len(kernels) == 5
    assert float(network.penalty().detach()) == pytest.approx(slow, rel=1e-5)


def test_the_resnet_is_two_pre_activation_modules_of_128() -> None:
    torch.manual_seed(1)
    network = ResNet(64, 3, ResNetSettings())
    assert sum(parameter.numel() for parameter in network.parameters()) == 74_368 + 3 * 129
    x = torch.randn(5, 64)
    weights = {name: value.detach().double().numpy() for name, value in network.named_parameters()}

    def dense(name: str, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    h = dense("trunk.entry", x.double().numpy())
    for first, second in (("trunk.inner.0", "trunk.inner.1"), ("trunk.inner.2", "trunk.inner.3")):
        h = h + dense(second, np.maximum(dense(first, np.maximum(h, 0)), 0))
    np.testing.assert_allclose(network(x).detach().numpy(), dense("output", h), atol=1e-4)
