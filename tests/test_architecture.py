"""The rules that keep the house in order, read off the syntax trees: who may import what."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = {"segclr": ROOT / "model" / "segclr", "segclr_viewer": ROOT / "segclr_viewer"}
AREAS = ("em", "encoder", "training", "embeddings", "release", "heads", "predictions", "evaluation", "queue", "explore")

# the folders of the application; one imports only those before it
FOLDERS = ("log", "wire", "labels", "heads", "overlay", "exchange", "session", "serving")

# the heads that are networks; the viewer classifies with the linear one, which needs none
HEADS_WITH_TORCH = tuple(
    f"model/segclr/heads/{name}.py" for name in ("residual", "network_state", "resnet", "gaussian_process", "sngp")
)

# library -> the only files or folders (relative to the checkout) that may import it
HOMES = {
    "neuroglancer": ("segclr_viewer/viewer.py",),
    "tornado": ("segclr_viewer/serving/server.py", "segclr_viewer/serving/entrance.py"),
    "sqlite3": ("segclr_viewer/log",),
    "PIL": ("segclr_viewer/pictures.py", "model/segclr/em/phantom"),
    "msgspec": (
        "segclr_viewer/wire",
        "segclr_viewer/keys.py",
        "segclr_viewer/project",
        "segclr_viewer/log/classes.py",
    ),
    "tensorstore": ("model/segclr/em",),
    "cloudvolume": ("model/segclr/em",),
    "compressed_segmentation": ("segclr_viewer/overlay/precomputed.py",),
    "kimimaro": ("model/segclr/em/skeletonize.py", "model/segclr/em/skeleton.py"),
    "zmesh": ("model/segclr/em/mesh.py",),
    "numba": ("model/segclr/em/phantom",),
    "cc3d": ("model/segclr/em/phantom", "model/segclr/em/skeletonize.py", "model/segclr/em/skeleton.py"),
    "torch": ("model/segclr/encoder", "model/segclr/training", *HEADS_WITH_TORCH),
    "openvino": ("model/segclr/encoder/openvino_engine.py",),
    "safetensors": ("model/segclr/encoder", "model/segclr/training"),
    "google_crc32c": ("model/segclr/encoder/leveldb_table.py",),
    "fsspec": ("model/segclr/embeddings/storage/addresses.py",),
    "pyarrow": (
        "segclr_viewer/exchange/parquet.py",
        "segclr_viewer/exchange/foreign_table.py",
        "model/segclr/embeddings/exchange",
    ),
    "sklearn": ("model/segclr/heads", "model/segclr/explore/clustering.py"),
    "faiss": ("model/segclr/explore/faiss_index.py",),
    "umap": ("model/segclr/explore/umap.py",),
    "urllib3": ("model/segclr/embeddings/storage/http.py", "model/segclr/release/http.py"),
    "dask": ("model/segclr/embeddings/bulk/distributed.py",),
    "distributed": ("model/segclr/embeddings/bulk/distributed.py",),
    "caveclient": ("model/segclr/release/cave.py",),
    "tqdm": (
        "segclr_viewer/prepare.py",
        "model/segclr/em/phantom/__main__.py",
        "model/segclr/release/__main__.py",
    ),
}


def source_files() -> list[Path]:
    return sorted(path for folder in PACKAGES.values() for path in folder.rglob("*.py"))


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Full names of the modules that a file imports anywhere, those inside functions included."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.relative_to(ROOT)} imports relatively; name the package"
            yield node.module or ""


@pytest.mark.parametrize("library", HOMES)
def test_each_library_has_one_home(library: str) -> None:
    homes = HOMES[library]
    strangers = [
        where
        for path in source_files()
        if library in {name.partition(".")[0] for name in imported(path)}
        and not (where := path.relative_to(ROOT).as_posix()).startswith(homes)
    ]
    assert strangers == []


def test_the_method_knows_nothing_of_the_application() -> None:
    for path in PACKAGES["segclr"].rglob("*.py"):
        assert not any(name.partition(".")[0] == "segclr_viewer" for name in imported(path)), path


def test_an_area_imports_only_areas_above_it() -> None:
    for rank, area in enumerate(AREAS):
        later = AREAS[rank + 1 :]
        for path in (PACKAGES["segclr"] / area).rglob("*.py"):
            for name in imported(path):
                parts = name.split(".")
                assert not (parts[0] == "segclr" and len(parts) > 1 and parts[1] in later), f"{path} imports {name}"


def test_a_folder_of_the_application_imports_only_folders_before_it() -> None:
    for rank, folder in enumerate(FOLDERS):
        later = FOLDERS[rank + 1 :]
        for path in (PACKAGES["segclr_viewer"] / folder).rglob("*.py"):
            for name in imported(path):
                parts = name.split(".")
                assert not (parts[0] == "segclr_viewer" and len(parts) > 1 and parts[1] in later), (
                    f"{path} imports {name}"
                )


def test_every_folder_of_the_application_has_its_place() -> None:
    assert {path.parent.name for path in PACKAGES["segclr_viewer"].glob("*/__init__.py")} == set(FOLDERS)


def test_every_package_folder_is_in_the_wheel() -> None:
    named = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    folders = {
        ".".join((package, *init.parent.relative_to(folder).parts))
        for package, folder in PACKAGES.items()
        for init in folder.rglob("__init__.py")
    }
    assert named == folders | {"segclr_viewer.static"}


def test_the_app_starts_without_the_heavy_libraries() -> None:
    heavy = ("torch", "openvino", "numba", "umap", "faiss", "kimimaro", "dask")
    code = f"import sys, segclr_viewer.cli; print([name for name in {heavy!r} if name in sys.modules])"
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'model'}", "PATH": "", "HOME": str(Path.home())}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
