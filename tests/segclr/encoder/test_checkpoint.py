"""What a checkpoint says about itself, and what becomes of damaged or unsuitable ones."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from segclr.em.volume import open_volume
from segclr.encoder.checkpoint import DEMO_CHECKPOINT, check_against, read_spec
from segclr.errors import CheckpointMismatch

pytestmark = pytest.mark.torch  # to write a checkpoint; reading its description needs none


def rewritten(source: Path, target: Path, change: Callable[[dict[str, dict[str, str]]], None]) -> Path:
    """A copy with a changed header."""
    content = source.read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    change(header)
    text = json.dumps(header).encode()
    target.write_bytes(len(text).to_bytes(8, "little") + text + content[end:])
    return target


def test_it_tells_view_network_and_training(checkpoint: Path) -> None:
    spec = read_spec(checkpoint)
    assert (spec.cutout.size, spec.cutout.resolution_nm, spec.cutout.content) == (9, (8.0, 10.0, 33.0), "masked_em")
    assert (spec.encoder.widths, spec.encoder.blocks, spec.encoder.stem_pool) == ((4, 6), (1, 2), False)
    assert (spec.embedding_dim, spec.normalisation) == (64, "uint8 / 255")
    assert (spec.training.data, spec.training.steps, spec.training.loss) == ("noise", 5, 1.5)
    assert len(spec.hash) == 16
    assert "9^3 voxels of 8 x 10 x 33 nm" in str(spec)


def test_it_is_read_without_torch_and_safetensors(checkpoint: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = sys.modules['safetensors'] = None\n"
        "from pathlib import Path; from segclr.encoder.checkpoint import read_spec\n"
        f"print(read_spec(Path({str(checkpoint)!r})).hash)"
    )
    path = [entry for entry in sys.path if entry]
    done = subprocess.run([sys.executable, "-c", f"import sys; sys.path[:0] = {path}\n{program}"], capture_output=True)
    assert done.stdout.decode().strip() == read_spec(checkpoint).hash, done.stderr.decode()


def test_the_hash_is_that_of_the_file(checkpoint: Path, tmp_path: Path) -> None:
    def train_longer(header: dict[str, dict[str, str]]) -> None:
        header["__metadata__"]["training"] = json.dumps({"data": "noise", "steps": 6})

    longer = rewritten(checkpoint, tmp_path / "longer.safetensors", train_longer)
    assert read_spec(longer).training.steps == 6
    assert read_spec(longer).hash != read_spec(checkpoint).hash


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda content: b"", "cut short"),
        (lambda content: content[:100], "cut short"),
        (lambda content: content[:-1], "has .* bytes, its header promises"),
        (lambda content: content + b"\0", "has .* bytes, its header promises"),
        (lambda content: content[:-40] + b"\x7f" + content[-39:], "weights differ from their checksum"),
        (lambda content: content[:8] + b"[" + content[9:], "header is not what the format wants"),
        (lambda content: b"\xff" * 8 + content[8:], "not a safetensors file"),
        (lambda content: b"PK\x03\x04" + bytes(200), "not a safetensors file|cut short"),
    ],
)
def test_a_damaged_file_is_refused_in_one_sentence(
    checkpoint: Path, tmp_path: Path, damage: Callable[[bytes], bytes], text: str
) -> None:
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(damage(checkpoint.read_bytes()))
    with pytest.raises(CheckpointMismatch, match=text) as raised:
        read_spec(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMismatch, match=r"absent\.safetensors cannot be read: No such file"):
        read_spec(tmp_path / "absent.safetensors")


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("format_version", "2", "format version 2, this program reads version 1"),
        ("format", "something", "no SegCLR encoder"),
        ("normalisation", "mean 0", "as mean 0, known: uint8"),
        ("cutout", '{"size": 10, "resolution_nm": [8, 8, 8], "content": "em"}', "odd"),
        ("cutout", '{"size": 9}', "cannot be understood"),
        ("encoder", '{"architecture": "ancient", "widths": [1], "blocks": [1]}', "unknown architecture ancient"),
        ("encoder", '{"architecture": "legacy", "widths": [1]}', "widths"),
        ("encoder", '{"architecture": "legacy"}', "edge of 9 voxels does not fit the legacy network"),
        ("training", '{"data": "x", "steps": 1, "epochs": 3}', "epochs"),
    ],
)
def test_a_description_that_cannot_be_used_is_refused(
    checkpoint: Path, tmp_path: Path, key: str, value: str, text: str
) -> None:
    def change(header: dict[str, dict[str, str]]) -> None:
        header["__metadata__"][key] = value

    with pytest.raises(CheckpointMismatch, match=text):
        read_spec(rewritten(checkpoint, tmp_path / "other.safetensors", change))


def test_another_safetensors_file_is_no_encoder(checkpoint: Path, tmp_path: Path) -> None:
    def drop(header: dict[str, dict[str, str]]) -> None:
        del header["__metadata__"]

    with pytest.raises(CheckpointMismatch, match="no SegCLR encoder"):
        read_spec(rewritten(checkpoint, tmp_path / "other.safetensors", drop))


def test_it_fits_a_volume_that_has_its_resolution(checkpoint: Path, world) -> None:
    em, segmentation = open_volume(world.em_url, "em"), open_volume(world.segmentation_url, "segmentation")
    check_against(read_spec(checkpoint), em, segmentation)


def test_a_resolution_that_the_volume_lacks_is_named_with_those_it_has(checkpoint: Path, world) -> None:
    em, segmentation = open_volume(world.em_url, "em"), open_volume(world.segmentation_url, "segmentation")
    spec = read_spec(checkpoint)
    wrong = replace(spec, cutout=replace(spec.cutout, resolution_nm=(32.0, 40.0, 33.0)))
    with pytest.raises(CheckpointMismatch, match=r"at 32 x 40 x 33 nm.*EM.*has 8 x 10 x 33, 16 x 20 x 33 nm"):
        check_against(wrong, em, segmentation)


def test_a_finer_segmentation_is_sampled_but_a_coarser_one_is_refused(checkpoint: Path, world) -> None:
    segmentation = open_volume(world.segmentation_url, "segmentation")
    spec = read_spec(checkpoint)
    mask_only = replace(spec, cutout=replace(spec.cutout, content="mask", resolution_nm=(32.0, 40.0, 33.0)))
    check_against(mask_only, None, segmentation)
    finer = replace(spec, cutout=replace(spec.cutout, content="mask", resolution_nm=(4.0, 5.0, 33.0)))
    with pytest.raises(CheckpointMismatch, match="segmentation"):
        check_against(finer, None, segmentation)


def test_an_encoder_that_looks_at_em_needs_em(checkpoint: Path, world) -> None:
    segmentation = open_volume(world.segmentation_url, "segmentation")
    with pytest.raises(CheckpointMismatch, match="has no EM volume"):
        check_against(read_spec(checkpoint), None, segmentation)


def test_the_demo_checkpoint_is_small_and_complete() -> None:
    spec = read_spec(DEMO_CHECKPOINT)
    assert DEMO_CHECKPOINT.stat().st_size <= 8_000_000
    assert spec.embedding_dim == 64
    assert spec.cutout.resolution_nm in ((32.0, 32.0, 40.0), (64.0, 64.0, 80.0))  # the generated volume's mips
