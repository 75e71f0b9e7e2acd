"""The guard's decisions, one by one."""

from dataclasses import replace

import pytest

from segclr_viewer.serving.guard import ANOTHER_S, BAD_ADDRESS, FOREIGN, NO_COOKIE, WRONG_TOKEN, Guard, Knock

GUARD = Guard("127.0.0.1", 8123)
OWN = GUARD.secrets[""]
OURS = Knock(
    host="127.0.0.1:8123",
    origin="http://127.0.0.1:8123",
    fetch_site="same-origin",
    cookie=OWN.cookie,
    token=None,
)


def test_our_own_page_is_let_in() -> None:
    assert GUARD.refusal(OURS) is None
    assert GUARD.refusal(replace(OURS, origin=None, fetch_site="none")) is None
    assert GUARD.refusal(replace(OURS, origin=None, fetch_site=None)) is None


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "[::1]"])
def test_other_names_of_this_machine_are_let_in(name: str) -> None:
    assert GUARD.refusal(replace(OURS, host=f"{name}:8123", origin=f"http://{name}:8123")) is None


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example:8123",
        "127.0.0.1",
        "127.0.0.1:8124",
        "127.0.0.1:8123.evil.example",
        "evil.example@127.0.0.1:8123",
        "127.0.0.1:8123,evil.example",
        "10.0.0.5:8123",
    ],
)
def test_a_foreign_host_is_refused_even_with_the_cookie(host: str | None) -> None:
    assert GUARD.refusal(replace(OURS, host=host, origin=None)) == BAD_ADDRESS
    assert GUARD.refusal(replace(OURS, host=host, origin=None, token=OWN.token)) == BAD_ADDRESS


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "http://evil.example",
        "http://127.0.0.1:8124",
        "https://127.0.0.1:8123",
        "http://127.0.0.1:8123.evil.example",
        "http://localhost:8123",
    ],
)
def test_another_origin_than_the_address_asked_for_is_refused_even_with_the_cookie(origin: str) -> None:
    assert GUARD.refusal(replace(OURS, origin=origin)) == FOREIGN
    assert GUARD.refusal(replace(OURS, origin=origin, token=OWN.token)) == FOREIGN


@pytest.mark.parametrize("site", ["cross-site", "same-site", "something new"])
def test_a_request_that_another_page_caused_is_refused_even_with_the_cookie(site: str) -> None:
    assert GUARD.refusal(replace(OURS, origin=None, fetch_site=site)) == FOREIGN


@pytest.mark.parametrize(
    "cookie",
    [None, "", "x", OWN.token, OWN.cookie[:-1], OWN.cookie + "x", "ü"],
    ids=["none", "empty", "other", "token", "shorter", "longer", "umlaut"],
)
def test_without_the_right_cookie_nothing_is_served(cookie: str | None) -> None:
    assert GUARD.refusal(replace(OURS, cookie=cookie)) == NO_COOKIE


@pytest.mark.parametrize(
    "token",
    ["", "x", OWN.cookie, OWN.token[:-1], OWN.token + "x", "ü"],
    ids=["empty", "other", "cookie", "shorter", "longer", "umlaut"],
)
def test_a_wrong_token_is_refused_even_with_the_cookie(token: str) -> None:
    assert GUARD.refusal(replace(OURS, token=token)) == WRONG_TOKEN


def test_the_printed_link_may_be_clicked_on_another_page() -> None:
    knock = Knock(host="127.0.0.1:8123", origin=None, fetch_site="cross-site", cookie=None, token=OWN.token)
    assert GUARD.refusal(knock) is None


def test_every_run_has_its_own_secrets() -> None:
    other = Guard("127.0.0.1", 8123).secrets[""]
    assert len({OWN.token, OWN.cookie, other.token, other.cookie}) == 4
    assert min(len(OWN.token), len(OWN.cookie)) >= 32


def test_the_origin_is_the_address_that_was_asked_for() -> None:
    assert Guard("127.0.0.1", 5).origin == "http://127.0.0.1:5"
    assert Guard("::1", 5).origin == "http://[::1]:5"
    assert Guard("Workstation.lab", 5).origin == "http://workstation.lab:5"
    assert "0.0.0.0" not in Guard("0.0.0.0", 5).origin  # noqa: S104 (not bound)


def test_a_named_host_is_let_in_under_its_name() -> None:
    guard = Guard("Workstation.lab", 8123)
    knock = Knock("workstation.lab:8123", "http://workstation.lab:8123", "same-origin", guard.secrets[""].cookie, None)
    assert guard.refusal(knock) is None


def test_every_annotator_has_own_secrets_and_is_known_by_them() -> None:
    guard = Guard("127.0.0.1", 8123, ["ana", "ben"])
    ana, ben = guard.secrets["ana"], guard.secrets["ben"]
    assert len({ana.token, ana.cookie, ben.token, ben.cookie}) == 4
    assert guard.annotator_of_cookie(ben.cookie) == "ben"
    assert guard.annotator_of_token(ana.token) == "ana"
    assert guard.address("ana") == f"http://127.0.0.1:8123/?token={ana.token}"
    for nobody in (None, "", "x", ana.token, ana.cookie + ben.cookie):
        assert guard.annotator_of_cookie(nobody) is None
    assert guard.annotator_of_token(ana.cookie) is None
    assert guard.refusal(replace(OURS, cookie=None, token=ben.token)) is None
    assert ana.token not in repr(guard.secrets)


@pytest.mark.parametrize("path", ["/v/0a1b2c/", "/events/0a1b2c?c=x", "/x/0a1b2c.y/z", "/v/0a1b%32c/", "/?a=0a1b2c"])
def test_a_path_that_is_kept_for_one_annotator_is_closed_to_the_others(path: str) -> None:
    guard = Guard("127.0.0.1", 8123, ["ana", "ben"])
    guard.reserve("0a1b2c", "ana")
    knocks = {name: replace(OURS, cookie=guard.secrets[name].cookie, path=path) for name in ("ana", "ben")}
    assert guard.refusal(knocks["ana"]) is None
    assert guard.refusal(knocks["ben"]) == ANOTHER_S
    assert guard.refusal(replace(knocks["ben"], path="/v/0a1b2d/")) is None
