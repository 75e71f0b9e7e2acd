"""Bulk embedding by processes of a Dask cluster."""

from pathlib import Path

import pytest

from segclr.embeddings.bulk.blocks import EmbeddingWork, LoadEncoder
from segclr.embeddings.bulk.engine import ThisProcess
from segclr.embeddings.bulk.running import run_job
from segclr.embeddings.bulk.settings import BulkSettings
from segclr.embeddings.table import open_table
from segclr.errors import ProjectError
from tests.segclr.embeddings.bulk.job_of_sums import Spec, load, load_deadly

distributed = pytest.importorskip("segclr.embeddings.bulk.distributed", reason="needs Dask")

# the cluster's own housekeeping when its processes end, nothing of this code
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")


def work_of(world, folder: Path, loader: LoadEncoder = load) -> EmbeddingWork:
    settings = BulkSettings(
        world.em_url,
        world.segmentation_url,
        world.skeletons_url,
        str(folder / "encoder"),
        str(folder / "table"),
        spacing_nm=0.0,
        block_um=0.8,
    )
    return EmbeddingWork(settings, loader, batch=5)


def test_a_worker_that_dies_loses_only_its_block(world, tmp_path: Path) -> None:
    alone = work_of(world, tmp_path / "alone")
    run_job(alone, Spec(), ThisProcess(alone))
    work, said = work_of(world, tmp_path / "many", load_deadly), []
    with distributed.local_workers(work, 2, dashboard=":0") as workers:
        finished = run_job(work, Spec(), workers, report=said.append)
    assert (tmp_path / "many" / "encoder.dead").exists()
    assert finished.failed == {}
    assert not [text for text in said if "failed" in text]
    assert len([text for text in said if "nodes in the last one" in text]) == len({*said}) - 2
    assert open_table(Path(work.settings.table_folder)).version == open_table(Path(alone.settings.table_folder)).version


def test_a_scheduler_that_is_not_there_is_one_sentence(world, tmp_path: Path, monkeypatch) -> None:
    with (
        pytest.raises(ProjectError, match=r"no Dask scheduler answers at nonsense"),
        distributed.workers_of(work_of(world, tmp_path), "nonsense://nowhere"),
    ):
        pass
