"""Who the server answers: a browser with its cookie, and no foreign page or program; on Neuroglancer's real one."""

import json
import logging
import re
from collections.abc import Iterator

import pytest

from segclr.errors import ProjectError
from segclr_viewer.overlay.overlay import code
from segclr_viewer.viewer import NeuroglancerView
from tests.segclr_viewer.served import FOREIGN, App, served


@pytest.fixture(scope="module")
def app(world) -> Iterator[App]:  # type: ignore[no-untyped-def]
    with served(world) as app:
        yield app


def routes(app: App) -> list[tuple[str, str]]:
    """One request for every handler, ours and Neuroglancer's, and for a path that nobody answers."""
    return [*shared_routes(), *own_routes(app.view)]


def shared_routes() -> list[tuple[str, str]]:
    """Those of which every annotator may ask the same, though not always with the same answer."""
    return [
        ("GET", "/"),
        ("GET", "/static/app.js"),
        ("GET", "/ws"),
        ("GET", "/volumes/em/info"),
        ("GET", "/volumes/em/0/40-104_24-88_12-68"),
        ("GET", "/volumes/segmentation/1/20-68_12-52_12-68"),
        ("GET", "/overlay/active/info"),
        ("GET", "/overlay/active/0/40-104_24-88_12-68"),
        ("GET", "/surfaces/info"),
        ("GET", "/surfaces/1:0"),
        ("GET", "/surfaces/part_1_7"),
        ("GET", "/columns/0123456789abcdef/positions.bin"),
        ("GET", "/columns/prediction/s1.bin"),
        ("OPTIONS", "/"),
        ("DELETE", "/nothing"),
    ]


def own_routes(view: NeuroglancerView) -> list[tuple[str, str]]:
    """Those of one annotator's viewer."""
    token = view.token
    return [
        ("GET", view.path),
        ("GET", f"{view.path}index.html"),
        ("GET", f"/events/{token}?c=x&gc=&gs="),
        ("POST", f"/state/{token}"),
        ("POST", f"/action/{token}"),
        ("POST", f"/credentials/{token}"),
        ("POST", f"/volume_response/{token}/1/info"),
        ("GET", f"/neuroglancer/info/{token}.x"),
        ("GET", f"/neuroglancer/mesh/{token}.x/1"),
    ]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_handler_answers_a_foreign_request(app: App, headers: dict[str, str]) -> None:
    state = json.dumps({"pg": "", "g": "1", "s": {"title": "stolen"}, "c": "x"}).encode()
    before = app.view._viewer.shared_state.raw_state
    for method, path in routes(app):
        status, answered, body = app.ask(path, method, state if method == "POST" else None, **headers)
        assert status == 403, (method, path)
        assert b"open the address that the terminal printed" in body
        assert "set-cookie" not in answered
    assert app.view._viewer.shared_state.raw_state is before


def test_no_handler_answers_without_the_cookie(app: App) -> None:
    for method, path in routes(app):
        assert app.ask(path, method, b"{}" if method == "POST" else None, cookie=False)[0] == 403, (method, path)


def test_the_same_requests_are_let_in_with_the_cookie(app: App) -> None:
    for method, path in routes(app):
        if method == "GET" and path != "/ws":
            status = app.ask(path, Origin=f"http://{app.host}", Sec_Fetch_Site="same-origin")[0]
            assert status == (404 if path.startswith("/neuroglancer/") else 200), path


def test_another_annotators_cookie_opens_nothing_of_ones_own(app: App) -> None:
    state = json.dumps({"pg": "", "g": "1", "s": {"title": "stolen"}, "c": "x"}).encode()
    before = app.view._viewer.shared_state.raw_state
    for method, path in own_routes(app.view):
        body = state if method == "POST" else None
        status, _, said = app.ask(path, method, body, cookie=False, Cookie=app.cookie_of("ben"))
        assert status == 403, (method, path)
        assert b"belongs to another annotator" in said
    for method, path in own_routes(app.views["ben"]):
        assert app.ask(path, method, b"{}" if method == "POST" else None)[0] == 403, (method, path)
    assert app.view._viewer.shared_state.raw_state is before


def test_each_annotator_has_an_own_viewer_and_may_ask_for_the_shared_data(app: App) -> None:
    for method, path in [*shared_routes(), *own_routes(app.views["ben"])]:
        if method == "GET" and path != "/ws":
            status = app.ask(path, cookie=False, Cookie=app.cookie_of("ben"))[0]
            assert status == (404 if path.startswith("/neuroglancer/") else 200), path


@pytest.mark.parametrize(("name", "other"), [("ana", "ben"), ("ben", "ana")])
def test_each_printed_address_gives_the_cookie_of_its_annotator(app: App, name: str, other: str) -> None:
    path = app.server.guard.address(name).removeprefix(f"http://{app.host}")
    _, headers, _ = app.ask(path, cookie=False, Cookie=app.cookie_of(other))
    assert headers["set-cookie"].startswith(f"{app.cookie_of(name)};")


def test_each_annotator_sees_the_own_paint(app: App) -> None:
    chunk, part = "/overlay/active/0/40-104_24-88_12-68", "/surfaces/part_2_7"
    app.paint(0)
    app.paint(1, "s2", annotator="ben")
    seen = [app.ask(chunk, cookie=False, Cookie=app.cookie_of(name))[2] for name in ("ana", "ben")]
    assert [set(body) - {0} for body in seen] == [{code(0, 7)}, {code(1, 7)}]
    meshes = [app.ask(part, cookie=False, Cookie=app.cookie_of(name))[2] for name in ("ana", "ben")]
    assert len(meshes[0]) < len(meshes[1])  # of class 1 there is something for ben alone


@pytest.mark.parametrize("site", ["none", "cross-site", "same-site"])
def test_the_printed_address_gives_the_cookie_and_leads_to_the_page(app: App, site: str) -> None:
    path = app.server.guard.address("ana").removeprefix(f"http://{app.host}")
    status, headers, body = app.ask(path, cookie=False, Sec_Fetch_Site=site)
    if site == "none":
        assert (status, headers["location"]) == (303, "/")
    else:  # a redirect would not send the cookie
        assert status == 200
        assert b"content='0;url=/'" in body
    assert re.fullmatch(rf"{app.cookie}; HttpOnly; Path=/; SameSite=Strict", headers["set-cookie"])
    assert headers["cache-control"] == "no-store"
    assert app.server.guard.secrets["ana"].token.encode() not in body
    assert app.ask("/", cookie=False, Cookie=f"other=x; {app.cookie}")[2] == b"<p>page</p>"


def test_under_another_name_of_this_machine_the_printed_address_leads_to_the_right_one(app: App) -> None:
    path = app.server.guard.address("ana").removeprefix(f"http://{app.host}")
    status, headers, _ = app.ask(path, cookie=False, Host=f"localhost:{app.running.port}")
    assert (status, headers["location"]) == (303, app.server.guard.address("ana"))
    assert "set-cookie" not in headers


@pytest.mark.parametrize("token", ["", "x", "{cookie}"])
def test_a_wrong_token_gives_no_cookie(app: App, token: str) -> None:
    status, headers, body = app.ask(
        "/?token=" + token.format(cookie=app.server.guard.secrets["ana"].cookie), cookie=False
    )
    assert status == 403
    assert "set-cookie" not in headers
    assert b"open the address that the terminal printed" in body


def test_the_token_opens_nothing_but_the_page(app: App) -> None:
    token = app.server.guard.secrets["ana"].token
    for method, path in routes(app):
        if path != "/" or method != "GET":
            asked = f"{path}{'&' if '?' in path else '?'}token={token}"
            assert app.ask(asked, method, b"{}" if method == "POST" else None, cookie=False)[0] == 403, (method, path)


def test_every_answer_carries_the_protecting_headers(app: App) -> None:
    token = app.view.path.strip("/").removeprefix("v/")
    for path in ("/", "/nothing", "/volumes/em/info", app.view.path, f"/events/{token}?c=x&gc=&gs="):
        for cookie in (True, False):
            _, headers, _ = app.ask(path, cookie=cookie)
            assert "frame-ancestors 'self'" in headers["content-security-policy"], path
            assert ("unsafe-eval" in headers["content-security-policy"]) == path.startswith("/v/")
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-frame-options"] == "SAMEORIGIN"
            assert not any(name.startswith("access-control") for name in headers)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../etc/passwd",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/..%2fpyproject.toml",
        "/static/",
        "/static/app.js/",
        "/../index.html",
        "//etc/passwd",
        "/columns/..%2f..%2fetc/positions.bin",
        "/columns/0123456789abcdef/../positions.bin",
        "/columns/layout/..%2f..%2f.bin",
        "/volumes/../em/info",
        "/volumes/em/9/40-104_24-88_12-68",
        "/volumes/em/00000/40-104_24-88_12-68",
        "/volumes/em/0/41-104_24-88_12-68",
        "/volumes/em/0/40-999999999_24-999999999_12-999999999",
        "/volumes/em/0/40-104_24-88_12-68/..",
        "/overlay/active/-1/40-104_24-88_12-68",
        "/surfaces/part_x",
        "/surfaces/part_-1",
        "/v/../etc/passwd",
    ],
)
def test_no_path_reaches_anything_that_is_not_offered(app: App, path: str) -> None:
    assert app.ask(path)[0] == 404


def test_viewer_files_are_only_those_of_the_client(app: App) -> None:
    for name in ("../server.py", "..%2fserver.py", "%2e%2e/server.py", "__init__.py", "index.html/../../__init__.py"):
        assert app.ask(app.view.path + name)[0] == 404


def test_the_viewer_s_client_comes_with_our_style(app: App) -> None:
    status, headers, body = app.ask(app.view.path)
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert b".neuroglancer-layer-add-button" in body
    assert body.count(b"</head>") == 1


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_no_foreign_page_gets_a_socket(app: App, headers: dict[str, str]) -> None:
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Origin": f"http://{app.host}",
    }
    assert app.ask("/ws", **upgrade | headers)[0] == 403


def test_secrets_are_in_no_log(app: App, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        app.read_fault.append(ZeroDivisionError("a bug"))
        try:
            assert app.ask("/volumes/em/0/40-104_24-88_12-68?token=" + app.server.guard.secrets["ana"].token)[0] == 500
        finally:
            app.read_fault.clear()
        app.ask(app.server.guard.address("ana").removeprefix(f"http://{app.host}"), cookie=False)
        app.ask("/?token=" + app.server.guard.secrets["ana"].token + "x", cookie=False)
        app.ask("/nothing?token=" + app.server.guard.secrets["ana"].token)
        app.ask("/", "POST", b"x")
    assert "a bug" in caplog.text
    assert app.server.guard.secrets["ana"].token not in caplog.text
    assert app.server.guard.secrets["ana"].cookie not in caplog.text


def test_failures_of_the_server_thread_are_raised_where_it_was_called(app: App) -> None:
    def fault() -> None:
        raise ProjectError("no")

    with pytest.raises(ProjectError):
        app.server.call(fault)
    assert app.server.call(lambda: 7) == 7
