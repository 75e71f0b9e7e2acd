"""Pages that are connected to the server, and what they hear; on Neuroglancer's real one."""

import asyncio
from collections.abc import Iterator

import pytest

from segclr.errors import VolumeUnavailable
from segclr_viewer.wire.answers import Status
from segclr_viewer.wire.selecting import ClearRequest
from tests.segclr_viewer.served import App, Pages, served


@pytest.fixture(scope="module")
def app(world) -> Iterator[App]:  # type: ignore[no-untyped-def]
    with served(world) as app:
        yield app


def test_a_page_is_welcomed_heard_and_told(app: App) -> None:
    async def talk() -> None:
        pages = Pages(app)
        first, second = await pages.join(), await pages.join()
        await first.write_message('{"type": "clear", "request": "r1"}')
        await first.write_message("not JSON")
        told = await pages.hear(first)
        assert (told["type"], told["request"]) == ("failed", None)
        await first.write_message('{"type": "of a newer page", "request": "r0"}')
        told = await pages.hear(first)
        assert (told["type"], told["request"], told["again"]) == ("failed", "r0", True)
        assert app.session.received == [ClearRequest("r1")]
        app.server.post(lambda: app.server.send(Status("to all")))
        assert [await pages.hear(page) for page in (first, second)] == [{"type": "status", "text": "to all"}] * 2
        await pages.leave(first)
        app.server.post(lambda: app.server.send(Status("again")))
        assert (await pages.hear(second))["text"] == "again"
        await pages.leave(second)

    asyncio.run(talk())


def test_an_annotators_session_is_told_when_the_last_of_the_pages_has_gone(app: App) -> None:
    async def talk() -> None:
        pages, ana, ben = Pages(app), app.sessions["ana"], app.sessions["ben"]
        first, second, other = await pages.join(), await pages.join(), await pages.join("ben")
        ana.gone.clear()
        ben.gone.clear()
        await pages.leave(first)
        app.server.call(lambda: None)  # the loop has done what came before
        assert not ana.gone.is_set()
        await pages.leave(second)
        assert await asyncio.to_thread(ana.gone.wait, 10)
        assert not ben.gone.is_set()
        await pages.leave(other)

    asyncio.run(talk())


def test_a_fault_is_logged_and_said_and_the_page_stays_connected(app: App, caplog: pytest.LogCaptureFixture) -> None:
    def fault() -> None:
        raise ZeroDivisionError("a bug")

    async def talk() -> None:
        pages = Pages(app)
        page = await pages.join()
        app.session.fault = fault
        await page.write_message('{"type": "clear", "request": "r2"}')
        told = await pages.hear(page)
        assert (told["type"], told["request"], told["again"]) == ("failed", "r2", True)
        assert "terminal" in str(told["text"])
        app.session.fault = lambda: None
        await page.write_message('{"type": "clear", "request": "r3"}')
        app.server.post(lambda: app.server.send(Status("still here")))
        assert (await pages.hear(page))["text"] == "still here"
        await pages.leave(page)

    asyncio.run(talk())
    assert "ZeroDivisionError: a bug" in caplog.text


def test_a_volume_that_cannot_be_read_is_said_once(app: App) -> None:
    async def talk() -> None:
        pages = Pages(app)
        page = await pages.join()
        app.read_fault.append(VolumeUnavailable("the disk is gone: plug it in"))
        try:
            for _ in range(3):
                status, _, _ = await asyncio.to_thread(app.ask, "/volumes/em/0/40-104_24-88_12-68")
                assert status == 503
        finally:
            app.read_fault.clear()
        app.server.post(lambda: app.server.send(Status("the end")))
        told = await pages.hear(page)
        assert (told["type"], told["request"], told["text"]) == ("failed", None, "the disk is gone: plug it in")
        assert (await pages.hear(page))["text"] == "the end"
        await pages.leave(page)

    asyncio.run(talk())
    assert app.ask("/volumes/em/0/40-104_24-88_12-68")[0] == 200


def test_pages_hear_what_is_for_their_annotator_and_speak_to_that_session(app: App) -> None:
    async def talk() -> None:
        pages = Pages(app)
        anas, bens = await pages.join("ana"), await pages.join("ben")
        heard_by_ana = len(app.sessions["ana"].received)
        await bens.write_message('{"type": "clear", "request": "of ben"}')
        app.server.post(lambda: app.server.pages["ana"].send(Status("for ana")))
        app.server.post(lambda: app.server.send(Status("for all")))
        assert [(await pages.hear(anas))["text"] for _ in range(2)] == ["for ana", "for all"]
        assert (await pages.hear(bens))["text"] == "for all"
        assert app.sessions["ben"].received[-1] == ClearRequest("of ben")
        assert len(app.sessions["ana"].received) == heard_by_ana
        await pages.leave(anas)
        await pages.leave(bens)

    asyncio.run(talk())
