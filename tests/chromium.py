"""The Chromium of the tests that need a browser: where it is, how it is started, and what is skipped without one."""

import os
import shutil

import pytest

# WebGL2 in software; no background traffic.
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
]


def chromium_path() -> str | None:
    """Where a Chromium is: $CHROMIUM, or what the PATH holds."""
    named = os.environ.get("CHROMIUM")
    names = ("chromium", "chromium-browser", "google-chrome")
    return named or next((path for name in names if (path := shutil.which(name))), None)


# of every test that drives a browser; without one it is skipped, visibly
MARKS = (
    pytest.mark.browser,
    pytest.mark.skipif(
        chromium_path() is None, reason="no Chromium: install the 'chromium' package or set CHROMIUM=/path"
    ),
)
