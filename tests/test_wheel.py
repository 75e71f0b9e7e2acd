"""What users get: the wheel, built and installed into a clean environment, opens the demo without the checkout."""

import re
import subprocess
import sys
import sysconfig
from http.client import HTTPConnection
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``segclr-viewer`` in an environment that has the wheel, and the dependencies of this one, but no checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, cwd=folder)
    (wheel,) = folder.glob("segclr_viewer-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv" / "bin" / "segclr-viewer"


def test_the_installed_command_serves_the_demo(command: Path, tmp_path: Path) -> None:
    arguments = ["--demo-size", "112", "144", "80", "--cache", str(tmp_path)]
    app = subprocess.Popen(
        [str(command), *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path
    )
    assert app.stdout is not None
    try:
        printed = []
        for line in app.stdout:
            printed.append(line)
            if found := re.search(r"http://(127\.0\.0\.1:\d+)/\?token=(\S+)", line):
                break
        else:
            pytest.fail("no address was printed:\n" + "".join(printed))
        connection = HTTPConnection(found[1])
        connection.request("GET", f"/?token={found[2]}")
        answer = connection.getresponse()
        answer.read()
        cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        for path, part in (
            ("/", b"<title>segclr-viewer"),
            ("/static/app.js", b"WebSocket"),
            ("/static/style.css", b"{"),
        ):
            connection.request("GET", path, headers={"Cookie": cookie})
            answer = connection.getresponse()
            assert answer.status == 200
            assert part in answer.read()
        connection.close()
    finally:
        app.terminate()
        assert app.wait(timeout=30) == 0
        app.stdout.close()


def test_the_installed_command_says_in_one_line_what_is_wrong(command: Path, tmp_path: Path) -> None:
    (tmp_path / "project.toml").write_text('name = "x"\nsegmentaton = 3\n')
    done = subprocess.run(
        [str(command), "--check", "project.toml"], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "segmentation" in done.stderr
