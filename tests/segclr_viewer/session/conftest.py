"""Sessions of several annotators."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def ana(desk: Any) -> Any:
    return desk


@pytest.fixture
def ben(ana: Any) -> Any:
    return ana.neighbour("ben")


@pytest.fixture
def blind(make_desk: Callable[..., Any]) -> Any:
    """Ana's session where every place is double."""
    return make_desk(double_share=1.0).start()
