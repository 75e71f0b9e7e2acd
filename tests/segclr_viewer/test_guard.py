"""The guard's decisions, one by one."""

from dataclasses import replace

import pytest

from segclr_viewer.guard import BAD_ADDRESS, FOREIGN, NO_COOKIE, WRONG_TOKEN, Guard, Knock

GUARD = Guard("127.0.0.1", 8123)
OURS = Knock(
    host="127.0.0.1:8123",
    origin="http://127.0.0.1:8123",
    fetch_site="same-origin",
    cookie=GUARD.cookie,
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
    assert GUARD.refusal(replace(OURS, host=host, origin=None, token=GUARD.token)) == BAD_ADDRESS


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
    assert GUARD.refusal(replace(OURS, origin=origin, token=GUARD.token)) == FOREIGN


@pytest.mark.parametrize("site", ["cross-site", "same-site", "something new"])
def test_a_request_that_another_page_caused_is_refused_even_with_the_cookie(site: str) -> None:
    assert GUARD.refusal(replace(OURS, origin=None, fetch_site=site)) == FOREIGN


@pytest.mark.parametrize("cookie", [None, "", "x", GUARD.token, GUARD.cookie[:-1], GUARD.cookie + "x", "ü"])
def test_without_the_right_cookie_nothing_is_served(cookie: str | None) -> None:
    assert GUARD.refusal(replace(OURS, cookie=cookie)) == NO_COOKIE


@pytest.mark.parametrize("token", ["", "x", GUARD.cookie, GUARD.token[:-1], GUARD.token + "x", "ü"])
def test_a_wrong_token_is_refused_even_with_the_cookie(token: str) -> None:
    assert GUARD.refusal(replace(OURS, token=token)) == WRONG_TOKEN


def test_the_printed_link_may_be_clicked_on_another_page() -> None:
    knock = Knock(host="127.0.0.1:8123", origin=None, fetch_site="cross-site", cookie=None, token=GUARD.token)
    assert GUARD.refusal(knock) is None


def test_every_run_has_its_own_secrets() -> None:
    other = Guard("127.0.0.1", 8123)
    assert len({GUARD.token, GUARD.cookie, other.token, other.cookie}) == 4
    assert min(len(GUARD.token), len(GUARD.cookie)) >= 32


def test_the_origin_is_the_address_that_was_asked_for() -> None:
    assert Guard("127.0.0.1", 5).origin == "http://127.0.0.1:5"
    assert Guard("::1", 5).origin == "http://[::1]:5"
    assert Guard("Workstation.lab", 5).origin == "http://workstation.lab:5"
    assert "0.0.0.0" not in Guard("0.0.0.0", 5).origin  # noqa: S104 (not bound)


def test_a_named_host_is_let_in_under_its_name() -> None:
    guard = Guard("Workstation.lab", 8123)
    knock = Knock("workstation.lab:8123", "http://workstation.lab:8123", "same-origin", guard.cookie, None)
    assert guard.refusal(knock) is None
