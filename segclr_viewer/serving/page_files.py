"""The page's own files, read once at start: no request ever names a path."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from segclr.errors import ProjectError

# path on the server -> file in the folder `static`, content type
_FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/static/style.css": ("style.css", "text/css; charset=utf-8"),
    "/static/app.js": ("dist/app.js", "text/javascript; charset=utf-8"),
}

_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="5" cy="6" r="4" fill="#3b82f6"/>'
    '<circle cx="11" cy="6" r="3" fill="#f59e0b"/><circle cx="8" cy="12" r="3.5" fill="#10b981"/></svg>'
)


@dataclass(frozen=True, slots=True)
class PageFile:
    """One file as it is sent."""

    body: bytes
    content_type: str


def load_page_files() -> Mapping[str, PageFile]:
    """Read all files of the page, from the installed package or else from the checkout.

    Raises:
        ProjectError: a file is missing.
    """
    package = Path(__file__).parents[1]
    installed = package / "static"
    folder = installed if installed.is_dir() else package.parent / "static"
    files = {"/favicon.ico": PageFile(_ICON.encode(), "image/svg+xml")}
    for path, (name, content_type) in _FILES.items():
        try:
            files[path] = PageFile((folder / name).read_bytes(), content_type)
        except OSError as error:
            raise ProjectError(f"the page's file {folder / name} is missing: install segclr-viewer again") from error
    return files
