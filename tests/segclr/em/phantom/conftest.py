"""One small phantom for all tests of this folder; its axes differ in length."""

from pathlib import Path

import pytest

from segclr.em.phantom.files import PhantomFolder, PhantomTruth, open_phantom
from segclr.em.phantom.phantom import Phantom, make_phantom
from segclr.em.phantom.tables import truth_tables
from segclr.em.phantom.writing import LEAST_VOXELS, write_phantom

SEED, SIZE = 3, (112, 144, 80)


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    return make_phantom(SEED, SIZE)


@pytest.fixture(scope="session")
def truth(phantom: Phantom) -> PhantomTruth:
    return truth_tables(phantom, LEAST_VOXELS)


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> PhantomFolder:
    return write_phantom(tmp_path_factory.mktemp("phantom") / "block", SEED, SIZE)


@pytest.fixture(scope="session")
def written_truth(written: PhantomFolder) -> PhantomTruth:
    return open_phantom(Path(written.folder))
