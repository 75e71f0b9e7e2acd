"""Where figures that cost minutes are kept, so that a second run is fast.

A name holds everything that decides the content: the block's seed and version, the view, the encoder's hash, and a hash
of the source files that computed it. What differs in any of these has another name, and nothing is ever stale.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray


def key(*parts: object) -> str:
    """16 hex digits of anything whose ``repr`` says what it is."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def source_key(*modules: ModuleType) -> str:
    """16 hex digits of the source of modules; of a package, of all modules in it."""
    return key(*(path.read_bytes() for module in modules for path in _files(module)))


def _files(module: ModuleType) -> list[Path]:
    path = Path(str(module.__file__))
    return sorted(path.parent.glob("*.py")) if path.name == "__init__.py" else [path]


@dataclass(frozen=True, slots=True)
class Store:
    """A folder of arrays and of small JSON records."""

    folder: Path

    def array(self, name: str, make: Callable[[], NDArray[np.generic]]) -> NDArray[np.generic]:
        """Return the array of that name, memory-mapped, made if it is not there."""
        path = self.folder / f"{name}.npy"
        if not path.exists():
            made = make()
            self._replace(path, lambda part: _save_array(part, made))
        stored: NDArray[np.generic] = np.load(path, mmap_mode="r")
        return stored

    def floats(self, name: str, make: Callable[[], list[float]]) -> list[float]:
        """Return the figures of that name, computed if they are not there."""
        path = self.folder / f"{name}.json"
        if not path.exists():
            made = json.dumps([float(figure) for figure in make()])
            self._replace(path, lambda part: part.write_text(made))
        return [float(figure) for figure in json.loads(path.read_text())]

    def _replace(self, path: Path, write: Callable[[Path], object]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        write(part)
        part.replace(path)


def _save_array(path: Path, array: NDArray[np.generic]) -> None:
    with path.open("wb") as file:
        np.save(file, array)
