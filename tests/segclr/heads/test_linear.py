"""The linear head: fitting, predicting, held-out figures, storing."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info, threadpool_limits

from segclr.errors import CheckpointMismatch, TableError, TooFewLabels
from segclr.heads.evaluation import fold_of
from segclr.heads.linear import LinearHead, fit_head, open_head
from segclr.heads.mahalanobis import Mahalanobis
from segclr.heads.threshold import NoveltyThreshold

BIG = 2**63 + 5

Labels = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]


def labels(k: int, class_count: int = 3, segments: int = 40, spread: float = 1.0, seed: int = 0) -> Labels:
    """Embeddings (k, 6) round one centre per class and one offset per segment, at odd scales."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(class_count, 6)) * 2
    groups = rng.integers(0, segments, k)
    classes = np.arange(k) % class_count
    offsets = np.random.default_rng(98).normal(size=(segments, 6)) * 0.5
    scales = np.array([1, 10, 0.1, 5, 1, 1])
    values = (centres[classes] + offsets[groups] + spread * rng.normal(size=(k, 6))) * scales + 50 * scales
    return values.astype(np.float32), classes, np.uint64(BIG) + groups.astype(np.uint64)


def some_novelty(d: int) -> Mahalanobis:
    rng = np.random.default_rng(5)
    threshold = NoveltyThreshold(0.95, 1.25, 0.94, 300)
    return Mahalanobis(rng.normal(size=d), rng.normal(size=(d, d)), rng.normal(size=(3, d)), threshold)


def random_head(class_count: int = 5, d: int = 7) -> LinearHead:
    rng = np.random.default_rng(4)
    bias = rng.normal(size=class_count)
    bias[1] = -np.inf
    weights = rng.normal(size=(class_count, d))
    return LinearHead(class_count, rng.normal(size=d), rng.uniform(0.5, 3, d), weights, bias, 1.7, some_novelty(d))


def assert_same_head(one: LinearHead, other: LinearHead) -> None:
    for name in ("class_count", "mean", "std", "weights", "bias", "temperature"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name in ("mean", "whitening", "centres"):
        np.testing.assert_array_equal(getattr(one.novelty, name), getattr(other.novelty, name))
    assert one.novelty.threshold == other.novelty.threshold


def slow_probabilities(head: LinearHead, embedding: NDArray[np.float32]) -> list[float]:
    logits = []
    for weights, bias in zip(head.weights, head.bias, strict=True):
        logit = bias
        for value, mean, std, weight in zip(embedding.astype(float), head.mean, head.std, weights, strict=True):
            logit += weight * (value - mean) / std
        logits.append(logit / head.temperature)
    powers = [float(np.exp(logit - max(logits))) for logit in logits]
    return [power / sum(powers) for power in powers]


@pytest.mark.parametrize("rows", [0, 1, 9, 16384, 16385])
def test_predictions_are_the_formula_row_by_row(rows: int) -> None:
    head = random_head()
    embeddings = np.random.default_rng(rows).normal(size=(rows, 7)).astype(np.float32)
    probabilities = head.predict(embeddings)
    assert (probabilities.shape, probabilities.dtype) == ((rows, 5), np.float32)
    for row in {0, rows // 2, rows - 1} if rows else ():
        np.testing.assert_allclose(probabilities[row], slow_probabilities(head, embeddings[row]), atol=2e-6)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities[:, 1] == 0).all()


def test_codes_are_the_likeliest_class_and_its_probability() -> None:
    head = random_head()
    embeddings = np.random.default_rng(1).normal(size=(500, 7)).astype(np.float32)
    classes, confidence = head.predict_codes(embeddings)
    probabilities = head.predict(embeddings)
    assert (classes.dtype, confidence.dtype) == (np.uint8, np.uint8)
    np.testing.assert_array_equal(classes, probabilities.argmax(axis=1))
    exact = 255 * probabilities.max(axis=1).astype(np.float64)
    assert np.abs(confidence - exact).max() <= 0.5001


def test_a_class_with_one_label_is_known_and_counted_as_untested() -> None:
    embeddings, classes, groups = labels(121)
    keep = (classes < 2) | (np.arange(121) == np.flatnonzero(classes == 2)[0])
    fitted = fit_head(embeddings[keep], classes[keep], groups[keep], class_count=3)
    alone = embeddings[keep][classes[keep] == 2]
    assert fitted.head.predict_codes(alone)[0].tolist() == [2]
    assert fitted.held_out is not None
    assert fitted.held_out.untested == 1
    assert fitted.head.novelty.score(alone) == pytest.approx(0, abs=1e-2)


def test_many_rows_on_several_threads_are_the_same_as_few() -> None:
    head = random_head(d=2)
    embeddings = np.random.default_rng(2).normal(size=(140_000, 2)).astype(np.float32)
    classes, confidence = head.predict_codes(embeddings)
    for start in (0, 70_000, 139_000):
        part = head.predict_codes(embeddings[start : start + 1000])
        np.testing.assert_array_equal(classes[start : start + 1000], part[0])
        np.testing.assert_array_equal(confidence[start : start + 1000], part[1])


def test_of_classes_equally_likely_the_first_is_named() -> None:
    head = LinearHead(3, np.zeros(2), np.ones(2), np.zeros((3, 2)), np.array([-np.inf, 0.0, 0.0]), 1.0, some_novelty(2))
    classes, confidence = head.predict_codes(np.ones((2, 2), np.float32))
    assert classes.tolist() == [1, 1]
    assert confidence.tolist() == [128, 128]


def test_embeddings_of_another_size_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(n, 7\) embeddings, not \(4, 6\)"):
        random_head().predict(np.zeros((4, 6), np.float32))


def test_a_fitted_head_tells_classes_apart_on_segments_it_has_not_seen() -> None:
    fitted = fit_head(*labels(300), class_count=3)
    embeddings, classes, _ = labels(600, seed=7)
    right = (fitted.head.predict_codes(embeddings)[0] == classes).mean()
    assert right > 0.85
    assert fitted.held_out is not None
    assert (fitted.held_out.count, fitted.held_out.untested) == (300, 0)
    assert fitted.held_out.accuracy_low < right < fitted.held_out.accuracy_high
    assert fitted.head.temperature == fitted.held_out.temperature


def test_the_same_labels_give_the_same_head_to_the_bit() -> None:
    first, again = (fit_head(*labels(120), class_count=4, seed=5) for _ in range(2))
    assert_same_head(first.head, again.head)
    assert first.held_out == again.held_out


@pytest.mark.parametrize("k", [60, 600])
def test_the_prior_on_the_weights_fades_as_labels_are_added(k: int) -> None:
    embeddings, classes, groups = labels(k, spread=2.0)
    head = fit_head(embeddings, classes, groups, class_count=3).head
    standard = (embeddings - head.mean) / head.std
    powers = np.exp(standard @ head.weights.T + head.bias)
    error = powers / powers.sum(axis=1, keepdims=True) - np.eye(3)[classes]  # the classes have equal counts
    pull = -(error.T @ standard / k * head.weights).sum() / np.square(head.weights).sum()
    assert pull == pytest.approx(2 / k, rel=0.1)  # where the loss is least, the data pull against the penalty alone


def test_another_seed_deals_other_folds_but_fits_the_same_weights() -> None:
    first, other = (fit_head(*labels(120), class_count=3, seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(first.head.weights, other.head.weights)
    assert first.held_out != other.held_out


def test_the_scale_of_a_dimension_does_not_matter() -> None:
    embeddings, classes, groups = labels(200)
    factor = np.array([1, 2, 0.5, 4, 1, 0.25], np.float32)
    one = fit_head(embeddings, classes, groups, 3).head
    other = fit_head(embeddings * factor, classes, groups, 3).head
    # not exactly: variances are shrunk a little towards each other
    agree = one.predict_codes(embeddings)[0] == other.predict_codes(embeddings * factor)[0]
    assert agree.mean() > 0.97


def test_a_class_without_labels_has_probability_zero() -> None:
    embeddings, classes, groups = labels(60, class_count=2)
    fitted = fit_head(embeddings, np.array([1, 4])[classes], groups, class_count=6)
    probabilities = fitted.head.predict(embeddings)
    assert probabilities.shape == (60, 6)
    assert (probabilities[:, [0, 2, 3, 5]] == 0).all()
    assert set(fitted.head.predict_codes(embeddings)[0].tolist()) == {1, 4}


@pytest.mark.parametrize("classes", [[], [2], [2, 2, 2]])
def test_fewer_than_two_classes_are_too_few_and_said_in_one_sentence(classes: list[int]) -> None:
    embeddings = np.random.default_rng(0).normal(size=(len(classes), 6)).astype(np.float32)
    groups = np.arange(1, len(classes) + 1, dtype=np.uint64)
    with pytest.raises(TooFewLabels, match="label at least one place each of two classes") as caught:
        fit_head(embeddings, np.array(classes, np.int64), groups, class_count=4)
    assert "\n" not in str(caught.value)


def test_two_labels_make_a_head_without_figures() -> None:
    embeddings = np.array([[0, 0, 1], [4, 0, 1]], np.float32)
    fitted = fit_head(embeddings, np.array([1, 0]), np.array([7, 7], np.uint64), class_count=2)
    assert fitted.held_out is None
    assert fitted.head.temperature == 1
    assert fitted.head.predict_codes(embeddings)[0].tolist() == [1, 0]
    middle = fitted.head.predict(np.array([[2, 9, 1]], np.float32))
    np.testing.assert_allclose(middle, 0.5, atol=1e-3)


def test_labels_that_contradict_each_other_share_the_probability() -> None:
    embeddings, classes, groups = labels(90, spread=0.3)
    place = embeddings[classes == 2].mean(axis=0, keepdims=True)
    quarrel = np.tile(place, (20, 1)).astype(np.float32)
    fitted = fit_head(
        np.vstack([embeddings[classes < 2], quarrel]),
        np.append(classes[classes < 2], [2] * 10 + [3] * 10),
        np.append(groups[classes < 2], np.full(20, BIG + 1000, np.uint64)),
        class_count=4,
    )
    probabilities = fitted.head.predict(place)[0]
    assert probabilities[2] == pytest.approx(probabilities[3], abs=0.01)
    assert probabilities[2] > 0.35


def test_labels_all_at_one_embedding_give_the_shares_of_their_classes() -> None:
    same = np.full((12, 6), 0.1, np.float32)
    fitted = fit_head(same, np.arange(12) % 2, np.arange(1, 13, dtype=np.uint64), class_count=2)
    np.testing.assert_allclose(fitted.head.predict(same), 0.5, atol=1e-3)


def test_a_rare_class_is_found_where_it_is() -> None:
    embeddings, classes, groups = labels(660, class_count=2, spread=1.5)
    few = np.append(np.flatnonzero(classes == 0)[:300], np.flatnonzero(classes == 1)[:5])
    head = fit_head(embeddings[few], classes[few], groups[few], class_count=2).head
    found = head.predict_codes(embeddings)[0]
    assert (found[classes == 1] == 1).mean() > 0.6
    assert (found[classes == 0] == 0).mean() > 0.95


def test_held_out_labels_are_predicted_without_their_own_segment() -> None:
    # Each segment is recognisable and its class is a coin flip: whoever has seen the segment knows, nobody else can.
    rng = np.random.default_rng(11)
    segments = np.repeat(np.arange(30), 10)
    embeddings = (rng.normal(size=(30, 64))[segments] + 0.01 * rng.normal(size=(300, 64))).astype(np.float32)
    classes = rng.integers(0, 2, 30)[segments]
    fitted = fit_head(embeddings, classes, np.uint64(BIG) + segments.astype(np.uint64), class_count=2)
    assert (fitted.head.predict_codes(embeddings)[0] == classes).all()
    assert fitted.held_out is not None
    assert fitted.held_out.accuracy < 0.75
    assert fitted.held_out.temperature > 2


def test_a_class_on_one_segment_only_is_counted_as_untested() -> None:
    embeddings, classes, groups = labels(200)
    groups[classes == 2] = BIG + 500
    held_out = fit_head(embeddings, classes, groups, class_count=3).held_out
    assert held_out is not None
    assert held_out.untested == (classes == 2).sum()
    assert held_out.count + held_out.untested == 200


def test_segments_in_one_fold_alone_give_no_figures() -> None:
    ids = np.uint64(BIG) + np.arange(200, dtype=np.uint64)
    together = ids[fold_of(ids, seed=0) == 3][:20]
    embeddings, classes, _ = labels(20, class_count=2)
    fitted = fit_head(embeddings, classes, together, class_count=2)
    assert fitted.held_out is None
    assert fitted.head.temperature == 1


def test_fitting_leaves_the_threads_of_others_alone() -> None:
    with threadpool_limits(limits=2, user_api="blas"):
        fit_head(*labels(60), class_count=3).head.predict(labels(60)[0])
        assert {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"} == {2}


@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_embeddings_that_are_no_numbers_are_counted_and_refused(broken: float) -> None:
    embeddings, classes, groups = labels(30)
    embeddings[[4, 11], [2, 5]] = broken
    says = "2 of 30 embeddings are NaN or infinite, the first in row 4: embed these places again, or leave them out"
    head = fit_head(*labels(30), class_count=3).head
    with pytest.raises(TableError) as caught:
        fit_head(embeddings, classes, groups, class_count=3)
    assert str(caught.value) == says
    for ask in (head.predict, head.predict_codes, head.assess, head.novelty.score):
        with pytest.raises(TableError) as caught:
            ask(embeddings)
        assert str(caught.value) == says


def test_the_full_answer_tells_between_classes_from_far_from_all_labels() -> None:
    embeddings, classes, groups = labels(300, class_count=2)
    head = fit_head(embeddings, classes, groups, class_count=2).head
    centres = [embeddings[classes == index].mean(axis=0) for index in (0, 1)]
    aside = centres[0] + 10 * (centres[0] - centres[1])
    answer = head.assess(np.stack([centres[0], (centres[0] + centres[1]) / 2, aside]).astype(np.float32))
    two = np.sort(answer.probabilities, axis=1)
    np.testing.assert_allclose(answer.ambiguity, 1 - (two[:, 1] - two[:, 0]), atol=1e-6)
    assert answer.ambiguity[1] > 0.5 > 0.05 > answer.ambiguity[0] > answer.ambiguity[2]
    assert head.novelty.threshold is not None
    assert (answer.distance > head.novelty.threshold.value).tolist() == [False, False, True]


@pytest.mark.parametrize(
    "change",
    [
        lambda x, y, g: (x[1:], y, g),
        lambda x, y, g: (x, y, g[1:]),
        lambda x, y, g: (x, y + 1, g),
        lambda x, y, g: (x, y - 1, g),
        lambda x, y, g: (np.where(np.arange(len(y))[:, None] == 4, np.nan, x), y, g),
    ],
)
def test_labels_that_make_no_sense_are_refused(change: Callable[..., Labels]) -> None:
    with pytest.raises(ValueError, match=r"fit|classes|NaN"):
        fit_head(*change(*labels(30)), class_count=3)


def test_a_stored_head_predicts_the_same(tmp_path: Path) -> None:
    head = random_head()
    head.save(tmp_path / "head.npz")
    opened = open_head(tmp_path / "head.npz")
    assert_same_head(opened, head)
    assert [path.name for path in tmp_path.iterdir()] == ["head.npz"]


def npy() -> bytes:
    file = BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


def stored(path: Path, **changed: object) -> None:
    random_head().save(path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    np.savez(path, **{**arrays, **changed})


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda path: None, "cannot be read"),
        (lambda path: path.write_bytes(b"no zip"), "damaged"),
        (lambda path: path.write_bytes(b"PK\x03\x04" + b"\0" * 50), "damaged"),
        (lambda path: np.savez(path, version=2), "damaged"),
        (lambda path: stored(path, version=3), "version 3"),
        (lambda path: stored(path, bias=np.zeros(4)), "damaged"),
        (lambda path: stored(path, bias=np.array([{}] * 5, object)), "damaged"),
        (lambda path: stored(path, novelty_whitening=np.zeros((7, 6))), "damaged"),
        (lambda path: stored(path, novelty_threshold=np.zeros(3)), "damaged"),
        (lambda path: stored(path, kind="sngp"), "of the kind sngp, not linear"),
        (lambda path: path.write_bytes(npy()), "damaged"),
    ],
)
def test_a_file_that_is_no_head_is_refused(tmp_path: Path, write: Callable[[Path], object], says: str) -> None:
    path = tmp_path / "head.npz"
    write(path)
    with pytest.raises(CheckpointMismatch, match=says) as caught:
        open_head(path)
    assert "\n" not in str(caught.value)
