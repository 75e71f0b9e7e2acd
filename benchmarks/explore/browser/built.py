"""The benchmark's two pages, built and served: our scatter, and a bare regl-scatterplot."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

from benchmarks.report import ROOT

PAGES = Path(__file__).parent / "pages"
TOOLS = ("ours", "bare")
ESBUILD = ROOT / "static" / "node_modules" / ".bin" / "esbuild"

_BLOBS = 20
_SPREAD = 0.09


def build(folder: Path) -> None:
    """Bundle both pages into the folder; the library goes there too, never among what the page is built with.

    Raises:
        SystemExit: node is missing, or the library cannot be fetched.
    """
    if not ESBUILD.exists() or shutil.which("npm") is None:
        raise SystemExit("the scatter's benchmark needs Node.js and `make page` before it")
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(PAGES / name, folder)
    if not (folder / "node_modules" / "regl-scatterplot").exists():
        _run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], folder)
    for tool in TOOLS:
        bundle = [str(ESBUILD), str(PAGES / f"{tool}.ts"), "--bundle", "--minify", "--format=iife", "--target=es2022"]
        _run([*bundle, "--log-level=error", f"--outfile={folder / tool}.js"], folder)
        page = (PAGES / "page.html").read_text(encoding="utf-8")
        body = f'<body><script src="{tool}.js"></script></body>'
        (folder / f"{tool}.html").write_text(page.replace("<body></body>", body), encoding="utf-8")


def write_points(file: Path, rows: int) -> None:
    """Twenty Gaussian blobs in the square from -1 to 1: float32 x, float32 y, uint8 class, uint8 confidence."""
    rng = np.random.default_rng(7)
    centres = rng.uniform(-0.75, 0.75, (_BLOBS, 2))
    blob = rng.integers(0, _BLOBS, rows)
    places = np.clip(centres[blob] + rng.normal(scale=_SPREAD, size=(rows, 2)), -1, 1).astype("<f4")
    confidences = rng.integers(0, 256, rows, dtype=np.uint8)
    file.write_bytes(
        b"".join(part.tobytes() for part in (places[:, 0], places[:, 1], blob.astype("u1") % 13, confidences))
    )


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Address of a server of the folder on this machine."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_said: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "NODE_PATH": str(folder / "node_modules")},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"`{' '.join(command[:3])} ...` failed:\n{done.stdout}{done.stderr}")
