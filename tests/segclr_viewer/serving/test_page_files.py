"""The page's own files."""

from segclr_viewer.serving.page_files import load_page_files


def test_all_files_of_the_page_are_there_under_fixed_paths() -> None:
    files = load_page_files()
    assert set(files) == {"/", "/favicon.ico", "/static/app.js", "/static/style.css"}
    assert files["/"].content_type.startswith("text/html")
    assert b"static/app.js" in files["/"].body
    assert b"static/style.css" in files["/"].body
    assert all(file.body for file in files.values())
