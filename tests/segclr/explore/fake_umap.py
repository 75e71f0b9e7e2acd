"""Stands in for umap-learn, whose import and fit take longer than all other tests together."""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm


class FakeUmap:
    """Takes the first dimensions for the layout, turned round if asked, and runs ten epochs."""

    given: dict[str, object]
    labels: NDArray[np.integer] | None
    turned = False

    def __init__(self, **given: object) -> None:
        type(self).given = given

    def fit_transform(self, rows: NDArray[np.float32], labels: NDArray[np.integer] | None) -> NDArray[np.float32]:
        assert rows.dtype == np.float32
        type(self).labels = labels
        bar: dict[str, object] = self.given["tqdm_kwds"]  # type: ignore[assignment]
        for _ in tqdm(range(10), **(bar | {"mininterval": 0})):  # type: ignore[call-overload]
            pass
        found = rows[:, : int(str(self.given["n_components"]))].copy()
        return -found[:, ::-1] if self.turned else found


def fake_module() -> ModuleType:
    """To be put in place of the module `umap`."""
    module = ModuleType("umap")
    FakeUmap.turned = False
    module.UMAP = FakeUmap  # type: ignore[attr-defined]
    return module
