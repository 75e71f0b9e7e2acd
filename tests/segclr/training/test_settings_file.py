"""The training file."""

from pathlib import Path

import pytest

from segclr.errors import ProjectError
from segclr.training.settings_file import load_config

WHOLE = """
output = "runs/one"
steps = 3

[view]
size = 33
resolution_nm = [64, 64, 80]

[phantom]
seeds = [101, 102]
folder = "blocks"
"""
DEMO = Path(__file__).parents[3] / "docs" / "phantom_encoder.toml"


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def test_paths_are_relative_to_the_file_and_defaults_are_those_published(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, WHOLE))
    assert config.output == str(tmp_path / "runs" / "one")
    assert config.phantom is not None
    assert config.phantom.folder == str(tmp_path / "blocks")
    assert config.cutout_spec().resolution_nm == (64.0, 64.0, 80.0)
    assert config.encoder_config().widths == (64, 128, 256, 512)
    assert config.temperature == 0.1


def test_local_volumes_are_relative_to_the_file_and_addresses_stay(tmp_path: Path) -> None:
    volume = '[[volume]]\nem = "data/em"\nsegmentation = "precomputed://gs://bucket/ids"\nskeletons = "/elsewhere"\n'
    config = load_config(written(tmp_path, WHOLE + volume))
    assert config.volume[0].em == str(tmp_path / "data" / "em")
    assert config.volume[0].segmentation == "precomputed://gs://bucket/ids"
    assert config.volume[0].skeletons == "/elsewhere"
    assert config.volume[0].labels is None


def test_the_shipped_settings_are_valid_and_keep_off_the_demo_seed() -> None:
    config = load_config(DEMO)
    assert config.phantom is not None
    assert 7 not in config.phantom.seeds


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (("steps = 3", "step = 3"), "unknown key step; did you mean steps"),
        (("size = 33", "size = 32"), "must be odd"),
        (("steps = 3", ""), "the key steps is missing"),
        (("steps = 3", "steps = 'three'"), "steps is 'three': it must be a whole number"),
        (("steps = 3", "steps = 3\ndistance_buckets_um = [3, 1]"), "rising borders"),
        (("steps = 3", "steps = 3\npairs = 1"), "at least 2"),
        (("[phantom]\nseeds = [101, 102]\nfolder = 'blocks'", ""), "nothing to train on"),
        (("steps = 3", "steps = 3\naccumulate = 3"), "accumulate is 3: it must divide pairs, 128"),
        (("steps = 3", "steps = 3\noptimiser = 'sgd'"), "optimiser is 'sgd': it must be one of 'adamw', 'lars'"),
        (("steps = 3", "steps = true"), "steps is True: it must be a whole number"),
        (("steps = 3", "steps = 3\nvolume = 4"), r"volume is 4: it must be a list"),
        (
            ("steps = 3", "steps = 3\nprecision = 'half'"),
            "precision is 'half': it must be one of 'float32'",
        ),
        (("[64, 64, 80]", "[64, 64]"), "view.resolution_nm has 2 entries: it must have 3"),
        (("[64, 64, 80]", "[64, 64, 'x']"), "view.resolution_nm is 'x': it must be a number"),
        (("[view]\nsize = 33\nresolution_nm = [64, 64, 80]", "view = 3"), "view must be a section"),
        (("[phantom]", "[phantom]\nseed = 3"), "unknown key phantom.seed; did you mean seeds"),
        (("steps = 3", "steps = "), "no valid TOML"),
        (("[phantom]", "[encoder]\nstem_kernel = 4\n[phantom]"), "must be odd"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(tmp_path: Path, change: tuple[str, str], text: str) -> None:
    whole = WHOLE.replace('"', "'")
    if change[0].startswith("[view]"):  # top-level keys come first
        whole = whole.replace(change[0], "")
        change = ("steps = 3", "steps = 3\nview = 3")
    assert change[0] in whole
    path = written(tmp_path, whole.replace(*change))
    with pytest.raises(ProjectError, match=text) as raised:
        load_config(path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value).replace(str(path), "")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be read"):
        load_config(tmp_path / "absent.toml")
