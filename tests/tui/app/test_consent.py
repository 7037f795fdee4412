"""A run that waits for a sign-in: what the card shows, and what each key does."""

from __future__ import annotations

from pathlib import Path

from penguiflow.planner.approvals import Approve, Reject
from penguiflow_tui.model.web_address import WebAddress
from penguiflow_tui.terminal_app import OpenLink
from tests.fakes import recorded
from tests.fakes.panes import text_of
from tests.fakes.recorded_connections import AUTH_URL, consent_asked, until_consent
from tests.fakes.session import FakeSession
from tests.fakes.workbench import workbench


def waiting(auth_url: str = AUTH_URL) -> FakeSession:
    session = FakeSession(on_decide=recorded.answered("Penguins swim.", step=2))
    session.happened(*until_consent(consent_asked(auth_url)))
    return session


async def test_the_card_shows_who_asks_for_what_and_the_whole_link(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.armed()
        shown = "".join(text_of(bench.card).split())
        assert "demowantstouseExampleWikiasyou" in shown
        assert "read:pages,write:pages" in shown
        assert "Itleadstoauth.wiki.example" in shown


async def test_done_lets_the_run_go_on(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.press_when_armed("a")
        await bench.until(lambda: bench.session.decided, "a decision")
        assert bench.session.decided == [("request-1", Approve())]


async def test_refusing_gives_the_reason_to_the_model(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path) as bench:
        await bench.press_when_armed("r")
        await bench.until(lambda: not bench.card.has_focus, "the reason has the focus")
        await bench.write("not mine")
        await bench.pilot.press("enter")
        await bench.until(lambda: bench.session.decided, "a decision")
        assert bench.session.decided == [("request-1", Reject("not mine"))]


async def test_enter_and_space_neither_open_nor_decide(tmp_path: Path) -> None:
    opened: list[WebAddress] = []
    async with workbench(waiting(), folder=tmp_path, open_link=opens(opened)) as bench:
        await bench.press_when_armed("enter", "space", "y", "e")
        assert (bench.session.decided, opened) == ([], [])


async def test_the_browser_gets_exactly_the_address_that_is_shown(tmp_path: Path) -> None:
    opened: list[WebAddress] = []
    async with workbench(waiting(), folder=tmp_path, open_link=opens(opened)) as bench:
        await bench.press_when_armed("o")
        await bench.until(lambda: opened, "the browser was asked")
        assert [address.text for address in opened] == [AUTH_URL]
        assert bench.session.decided == []


async def test_without_a_browser_it_says_what_to_do(tmp_path: Path) -> None:
    async with workbench(waiting(), folder=tmp_path, notifications=True) as bench:
        await bench.press_when_armed("o")
        await bench.until(lambda: "No browser can be" in bench.drawing, "it says so")


async def test_a_link_that_must_not_be_opened_is_not_shown_and_opens_nothing(tmp_path: Path) -> None:
    opened: list[WebAddress] = []
    hostile = "https://good.example@evil.example/[@click=app.quit]x[/]"
    async with workbench(waiting(hostile), folder=tmp_path, open_link=opens(opened)) as bench:
        await bench.press_when_armed("o", "c")
        assert opened == []
        assert "evil.example" not in text_of(bench.card)
        assert "a name before the host" in text_of(bench.card)


def opens(opened: list[WebAddress]) -> OpenLink:
    def open_link(address: WebAddress) -> bool:
        opened.append(address)
        return True

    return open_link
