"""Bulk prediction: what a job gives, however it went, is what the head says of the whole table at once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segclr.embeddings.aggregation import aggregate
from segclr.embeddings.bulk.engine import Doer, ThisProcess
from segclr.embeddings.bulk.job import JobFolder
from segclr.embeddings.growing import append_table
from segclr.embeddings.storage.lock import writing_alone
from segclr.embeddings.table import open_table
from segclr.errors import CheckpointMismatch, TableError
from segclr.heads.over_segments import codes_of_segments, mean_over_segments
from segclr.predictions.blocks import PredictionWork
from segclr.predictions.predict import main
from segclr.predictions.running import Predicted, run_prediction
from segclr.predictions.settings import PredictionSettings
from segclr.predictions.stored import NO_CLASS, StoredPredictions, open_predictions, verify_predictions
from tests.segclr.embeddings.made_tables import BIG, made_table
from tests.segclr.killed_jobs import kill_and_finish
from tests.segclr.predictions.made_heads import made_head

ROOT = Path(__file__).resolve().parents[3]
SIZES = {7: 3, 2**53 + 1: 90, 2**53 + 3: 1, BIG: 75, BIG + 9: 12, **{BIG + 100 + i: 5 + i % 7 for i in range(60)}}
KILLS = 3


@pytest.fixture
def settings(tmp_path: Path) -> PredictionSettings:
    made_table(SIZES).save(tmp_path / "table")
    made_head().save(tmp_path / "head.npz")
    return PredictionSettings(str(tmp_path / "table"), str(tmp_path / "head.npz"), str(tmp_path / "out"), 40)


class Failing(PredictionWork):
    """Fails for some blocks."""

    failing: Callable[[int], bool] = staticmethod(lambda block: False)

    def open(self) -> Doer:
        doer = super().open()

        class Some:
            def do(self, block: int) -> int:
                if Failing.failing(block):
                    raise TableError("the disk is not well")
                return doer.do(block)

        return Some()


def run(settings: PredictionSettings, failing: Callable[[int], bool] | None = None, retries: int = 2) -> Predicted:
    work = PredictionWork(settings) if failing is None else Failing(settings)
    Failing.failing = staticmethod(failing or (lambda _: False))
    return run_prediction(settings, ThisProcess(work), retries)


def found(settings: PredictionSettings) -> StoredPredictions:
    verify_predictions(Path(settings.out))
    return open_predictions(Path(settings.out))


def assert_same(one: StoredPredictions, other: StoredPredictions) -> None:
    for name in ("segment_ids", "first_row", "classes", "confidence", "shares"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("unit", ["node", "segment"])
@pytest.mark.parametrize("radius_um", [0.0, 60.0])
def test_blocks_say_what_the_app_says_of_the_whole_table(
    settings: PredictionSettings, unit: str, radius_um: float
) -> None:
    head = made_head(unit=unit, radius_um=radius_um)
    head.save(Path(settings.head))
    append_table(Path(settings.table), made_table({BIG: 4, 8: 60}, 1, first_node=100))  # a segment in two shards
    predicted = run(settings)
    stored, table = found(settings), open_table(Path(settings.table))
    assert (predicted.rows, predicted.without, predicted.failed) == (len(table), 0, {})
    vectors = aggregate(table, radius_um)
    assert radius_um == 0 or not np.array_equal(vectors, table.embeddings)
    if unit == "segment":
        shares = mean_over_segments(head.head, vectors, table.first_row)
        classes, confidence = codes_of_segments(shares, table.first_row)
    else:
        classes, confidence = head.head.predict_codes(vectors)
        counts = [np.bincount(part, minlength=3) / len(part) for part in np.split(classes, table.first_row[1:-1])]
        shares = np.array(counts, np.float32)
    assert len(set(classes.tolist())) > 1
    np.testing.assert_array_equal(stored.classes, classes)
    np.testing.assert_array_equal(stored.confidence, confidence)
    np.testing.assert_array_equal(stored.shares, shares)
    np.testing.assert_array_equal(stored.segment_ids, table.segment_ids)
    np.testing.assert_array_equal(stored.first_row, table.first_row)


def test_predictions_say_what_they_follow_from(settings: PredictionSettings) -> None:
    run(settings)
    origin = found(settings).origin
    assert origin.head == made_head().origin
    assert origin.table == settings.table
    assert origin.shards == (open_table(Path(settings.table)).version,)
    assert not JobFolder.beside(Path(settings.out)).path.exists()


def test_a_block_that_fails_is_tried_again(settings: PredictionSettings) -> None:
    run(replace(settings, out=settings.out + "-whole"))
    times: dict[int, int] = {}

    def fails(block: int) -> bool:
        times[block] = times.get(block, 0) + 1
        return block % 2 == 0 and times[block] < 3

    assert run(settings, fails).failed == {}
    assert_same(found(settings), open_predictions(Path(settings.out + "-whole")))


def test_blocks_that_keep_failing_are_listed_and_the_same_command_completes_them(
    settings: PredictionSettings,
) -> None:
    run(replace(settings, out=settings.out + "-whole"))
    whole = open_predictions(Path(settings.out + "-whole"))
    predicted = run(settings, lambda block: block in (1, 3), retries=0)
    assert predicted.failed == {1: "the disk is not well", 3: "the disk is not well"}
    part = found(settings)
    lost = part.classes == NO_CLASS
    assert predicted.without == lost.sum() > 0
    np.testing.assert_array_equal(part.classes[~lost], whole.classes[~lost])
    assert run(settings).failed == {}
    assert_same(found(settings), whole)
    assert sorted(path.suffix for path in Path(settings.out).iterdir()) == [".json", *[".npy"] * 5]


def test_where_all_blocks_fail_there_are_no_predictions(settings: PredictionSettings) -> None:
    with pytest.raises(TableError, match=r"all .* blocks failed, the first because the disk is not well"):
        run(settings, lambda _: True, retries=0)
    assert not Path(settings.out).exists()


def test_a_job_that_was_finished_is_not_done_again(settings: PredictionSettings) -> None:
    first = run(settings)
    assert run(settings, lambda _: True) == first


def test_predictions_of_another_head_are_not_replaced(settings: PredictionSettings) -> None:
    run(settings)
    made_head(seed=5).save(Path(settings.head))
    with pytest.raises(TableError, match=r"there are predictions by the head 00ff00ff00ff00ff \(part\)"):
        run(settings)


def test_a_job_goes_on_with_the_same_head_and_table_only(settings: PredictionSettings) -> None:
    run(settings, lambda block: block == 2, retries=0)
    Path(settings.out, "predictions.json").unlink()
    append_table(Path(settings.table), made_table({9: 4}, 1))
    with pytest.raises(TableError, match=r"begun with other settings: shards \["):
        run(settings)


def test_two_programs_do_not_do_one_job(settings: PredictionSettings) -> None:
    folder = JobFolder.beside(Path(settings.out)).path
    folder.mkdir()
    with writing_alone(folder), pytest.raises(TableError, match="another program"):
        run(settings)


def test_a_disk_that_is_full_leaves_what_was_there(settings: PredictionSettings, monkeypatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("segclr.predictions.blocks.np.savez", full)
        with pytest.raises(TableError, match=r"all .* cannot be written \(No space left on device\)"):
            run(settings, retries=0)
    with monkeypatch.context() as patch:
        patch.setattr("segclr.predictions.stored.write_column", full)
        with pytest.raises(TableError, match=r"cannot be written to .*out: No space left on device"):
            run(settings)
    assert not (Path(settings.out) / "predictions.json").exists()
    assert run(settings).failed == {}


def test_a_head_of_another_encoder_or_size_is_refused(settings: PredictionSettings) -> None:
    head = made_head()
    replace(head, origin=replace(head.origin, encoder_hash="beef")).save(Path(settings.head))
    with pytest.raises(CheckpointMismatch, match="embeddings by encoder beef"):
        run(settings)
    made_head(dimensions=8).save(Path(settings.head))
    with pytest.raises(CheckpointMismatch, match="classifies 8 numbers"):
        run(settings)


def test_what_is_damaged_is_named(settings: PredictionSettings) -> None:
    run(settings)
    (column,) = Path(settings.out).glob("classes-*.npy")
    content = bytearray(column.read_bytes())
    content[-1] ^= 1
    column.write_bytes(content)
    with pytest.raises(TableError, match=f"{column.name} has changed"):
        verify_predictions(Path(settings.out))
    column.unlink()
    with pytest.raises(TableError, match=r"classes-.* is missing"):
        open_predictions(Path(settings.out))


def test_a_killed_job_goes_on_to_the_same_predictions(settings: PredictionSettings) -> None:
    run(replace(settings, out=settings.out + "-whole"))
    arguments = [settings.table, settings.head, settings.out]
    kill_and_finish("tests.segclr.predictions.slow_job", arguments, KILLS, steps=3, step_s=0.002)
    assert_same(found(settings), open_predictions(Path(settings.out + "-whole")))
    assert not JobFolder.beside(Path(settings.out)).path.exists()


def test_the_command_takes_a_project_or_a_table(settings: PredictionSettings, tmp_path: Path, capsys) -> None:
    project = tmp_path / "project.toml"
    project.write_text('[table]\nfolder = "table"\n')
    assert main([str(project), settings.head, settings.out, "--rows-at-once", "50"]) == 0
    rows = sum(SIZES.values())
    assert f"{rows} of {rows} rows have predictions in {settings.out}" in capsys.readouterr().out
    assert main([settings.table, settings.head, settings.out + "2"]) == 0
    assert_same(open_predictions(Path(settings.out)), open_predictions(Path(settings.out + "2")))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nowhere", "head.npz", "out"], "there is no embedding table"),
        (["nowhere.toml", "head.npz", "out"], "cannot be read"),
        (["table", "nowhere.npz", "out"], "the head"),
        (["table", "head.npz", "out", "--rows-at-once", "0"], "--rows-at-once is 0"),
    ],
)
def test_a_mistake_is_one_sentence(settings, tmp_path: Path, monkeypatch, capsys, arguments, complaint) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    said = capsys.readouterr().err
    assert complaint in said
    assert said.count("\n") == 1
