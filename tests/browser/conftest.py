"""A real app on a small generated volume, and a real headless Chromium in front of it."""

import queue
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.page_state import label_log
from tests.chromium import FLAGS, MARKS, chromium_path

ROOT = Path(__file__).resolve().parents[2]
DEMO = ("--demo-size", "224", "288", "128", "--demo-seed", "3")
ADDRESS = r"(http://127\.0\.0\.1:\d+/\?token=\S+)"
SECONDS_TO_START = 240  # the first start generates the volume, compiles and embeds, on two busy cores


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            for mark in MARKS:
                item.add_marker(mark)


@dataclass
class App:
    """A running ``launch.py`` and what it has printed."""

    process: subprocess.Popen[str]
    lines: "queue.Queue[str | None]" = field(default_factory=queue.Queue)
    printed: list[str] = field(default_factory=list)

    def wait_for(self, pattern: str, seconds: float = SECONDS_TO_START) -> re.Match[str]:
        """The first printed line that matches; fails with everything printed so far."""
        while True:
            try:
                line = self.lines.get(timeout=seconds)
            except queue.Empty:
                line = None
            if line is None:
                pytest.fail(f"the app did not print {pattern!r}; it printed:\n{''.join(self.printed)}")
            self.printed.append(line)
            if found := re.search(pattern, line):
                return found


def start_app(*arguments: str) -> App:
    """Start the app as a user would, from the checkout."""
    command = [sys.executable, "-u", str(ROOT / "launch.py"), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT)
    app = App(process)

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            app.lines.put(line)
        app.lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return app


def stop_app(app: App) -> None:
    """Stop it as Ctrl+C would, and insist that it obeys."""
    app.process.terminate()
    app.process.wait(timeout=30)
    if app.process.stdout is not None:
        app.process.stdout.close()


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: its address, token included, and its cache, of which others may be copied."""

    address: str
    cache: Path


@pytest.fixture(scope="session")
def made_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A smaller phantom than the demo's, which is generated, embedded and laid out once for all tests."""
    cache = tmp_path_factory.mktemp("made")
    app = start_app(*DEMO, "--cache", str(cache))
    try:
        address = app.wait_for(ADDRESS)[1]
        latest = time.monotonic() + SECONDS_TO_START
        while not any(cache.glob("*/*/layout-umap-*.npz")):
            assert app.process.poll() is None, "the app ended before it had fitted a UMAP"
            assert time.monotonic() < latest, "no UMAP was fitted"
            with suppress(subprocess.TimeoutExpired):
                app.process.wait(timeout=0.5)
        yield Demo(address, cache)
    finally:
        stop_app(app)


def copy_demo(made: Demo, cache: Path) -> list[str]:
    """Copy all that was made but the labels; the arguments that start the app there, where it makes the first ones."""
    shutil.copytree(made.cache, cache, dirs_exist_ok=True, ignore=shutil.ignore_patterns("labels.sqlite*", "*.part"))
    return [*DEMO, "--cache", str(cache)]


@pytest.fixture
def demo(made_demo: Demo) -> str:
    """Address of a demo that tests share: who labels in it takes the labels back, and leaves the viewer at a cell."""
    return made_demo.address


@pytest.fixture
def demo_log(made_demo: Demo) -> Path:
    """Label file of the shared demo."""
    return label_log(made_demo.cache)


@pytest.fixture(scope="module")
def own_arguments(made_demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What starts the app on a copy of the demo that a file has for itself."""
    return copy_demo(made_demo, tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def own_demo(own_arguments: list[str]) -> Iterator[str]:
    """Address of a demo that a file has for itself."""
    app = start_app(*own_arguments)
    try:
        yield app.wait_for(ADDRESS)[1]
    finally:
        stop_app(app)


@pytest.fixture(scope="session")
def scrap_demo(made_demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo that tests share in which labels are left, of any class at any place, and the viewer anywhere."""
    cache = tmp_path_factory.mktemp("scrap")
    app = start_app(*copy_demo(made_demo, cache))
    try:
        yield Demo(app.wait_for(ADDRESS)[1], cache)
    finally:
        stop_app(app)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One headless browser for a file. Not longer: while it is there a loop runs in this thread, and no other may."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty tab at 1280 x 800; errors that the page throws fail the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    tab = context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    yield tab
    context.close()
    assert errors == []
