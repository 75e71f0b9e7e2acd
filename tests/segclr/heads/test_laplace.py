"""The last-layer variance of the linear head."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from segclr.errors import TableError
from segclr.heads.laplace import fit_laplace
from segclr.heads.linear import PENALTY, fit_head

Labels = tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.uint64]]


def test_the_variance_is_that_of_the_posterior_written_out(labels: Callable[..., Labels]) -> None:
    embeddings, classes, groups = labels(90)
    head = fit_head(embeddings, classes, groups, class_count=3).head
    asked = labels(7, seed=3)[0]
    design, rows = (np.c_[(x - head.mean) / head.std, np.ones(len(x))] for x in (embeddings, asked))
    precision = design.T @ design + np.diag([PENALTY] * 6 + [0.0])
    slow = [row @ np.linalg.inv(precision) @ row for row in rows]
    np.testing.assert_allclose(fit_laplace(head, embeddings).score(asked), slow, rtol=1e-3)


def test_more_labels_leave_less_variance_and_far_embeddings_have_more(
    labels: Callable[..., Labels],
) -> None:
    asked = labels(50, seed=1)[0]
    variances = []
    for k in (60, 600):
        embeddings, classes, groups = labels(k)
        laplace = fit_laplace(fit_head(embeddings, classes, groups, class_count=3).head, embeddings)
        variances.append(laplace.score(asked).mean())
        assert laplace.score(asked * 5).min() > laplace.score(asked).max()
    assert variances[1] < variances[0] / 5


def test_other_sizes_and_infinities_are_refused(labels: Callable[..., Labels]) -> None:
    embeddings, classes, groups = labels(60)
    laplace = fit_laplace(fit_head(embeddings, classes, groups, class_count=3).head, embeddings)
    with pytest.raises(ValueError, match=r"\(n, 6\) embeddings, not \(3, 4\)"):
        laplace.score(np.zeros((3, 4), np.float32))
    embeddings[2, 0] = np.nan
    with pytest.raises(TableError, match=r"1 of 60 .* row 2"):
        laplace.score(embeddings)
