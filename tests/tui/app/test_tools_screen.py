"""The Tools screen: looking at connections and tools, calling one by hand, switching, reviewing."""

from __future__ import annotations

from pathlib import Path

from penguiflow.state.events import ConnectionChanged
from penguiflow.tools.errors import ToolClientError
from penguiflow_tui.sample_run import sample_contents
from penguiflow_tui.screens.confirm import ConfirmScreen
from penguiflow_tui.screens.review import ReviewScreen
from penguiflow_tui.screens.sign_in import SignInScreen
from penguiflow_tui.screens.tool_call import ToolCallScreen
from penguiflow_tui.screens.tools import ToolsScreen
from penguiflow_tui.widgets.argument_form import ArgumentForm
from penguiflow_tui.widgets.connections import Connections
from penguiflow_tui.widgets.detail_pane import DetailPane
from penguiflow_tui.widgets.text_pages import TextPages
from penguiflow_tui.widgets.tool_list import ToolList
from tests.fakes.panes import HOSTILE_TEXTS, control_characters_of, text_of
from tests.fakes.recorded_connections import AUTH_URL, CHANGE, EVERY_STATE, NOTES, OFFERS
from tests.fakes.session import FakeSession
from tests.fakes.workbench import Bench, workbench


def connected(*connections: ConnectionChanged) -> FakeSession:
    session = FakeSession(on_start=connections or EVERY_STATE)
    session.tools.offered = {"notes": OFFERS}
    session.tools.left_out = ("notes.search_notes",)
    session.tools.changed = {"search_notes": CHANGE}
    session.tools.sign_in = {"display_name": "Example Wiki", "auth_url": AUTH_URL, "scopes": ["read:pages"]}
    return session


async def opened(bench: Bench) -> ToolsScreen:
    """Open the screen on the first connection, with its tools read."""
    await bench.pilot.press("f5", "enter")
    await bench.until(lambda: isinstance(bench.app.screen, ToolsScreen), "the screen is open")
    screen = bench.app.screen
    assert isinstance(screen, ToolsScreen)
    await bench.until(lambda: screen.query_one(ToolList).selected, "the tools are read")
    return screen


async def trying(bench: Bench) -> ToolCallScreen:
    """Open the form of the first tool."""
    await opened(bench)
    await bench.pilot.press("enter", "t")
    await bench.until(lambda: isinstance(bench.app.screen, ToolCallScreen), "the form is open")
    screen = bench.app.screen
    assert isinstance(screen, ToolCallScreen)
    await bench.until(lambda: screen.query_one(ArgumentForm).has_focus_within, "a field has the focus")
    return screen


async def test_a_connection_and_then_its_tools_are_shown_in_full(tmp_path: Path) -> None:
    async with workbench(connected(), folder=tmp_path) as bench:
        screen = await opened(bench)
        detail = screen.query_one(DetailPane)
        assert detail.view is not None
        assert detail.view.title == "notes"
        await bench.pilot.press("enter", "down", "down")
        await bench.until(
            lambda: detail.view and detail.view.title == "notes.count_notes", "the tool is shown"
        )
        await bench.pilot.press("escape", "down", "down")
        await bench.until(lambda: detail.view and detail.view.title == "weather", "the failed one is shown")
        assert "No module named" in text_of(detail)


async def test_words_filter_the_tools_and_escape_goes_back_step_by_step(tmp_path: Path) -> None:
    async with workbench(connected(), folder=tmp_path) as bench:
        screen = await opened(bench)
        await bench.pilot.press("slash")
        await bench.write("count")
        tools = screen.query_one(ToolList)
        await bench.until(lambda: tools.selected and tools.selected.own_name == "count_notes", "it is found")
        for _ in range(3):
            await bench.pilot.press("escape")
        await bench.until(lambda: not isinstance(bench.app.screen, ToolsScreen), "the screen is closed")


async def test_a_tool_is_called_with_what_was_written_and_nothing_else(tmp_path: Path) -> None:
    session = connected()
    session.tools.answer = {"id": 7}
    async with workbench(session, folder=tmp_path) as bench:
        screen = await trying(bench)
        await bench.write("Ada")
        await bench.pilot.press("tab")
        await bench.write("calls")
        await bench.pilot.press("ctrl+s")
        result = screen.query_one(TextPages)
        await bench.until(lambda: result.has_focus, "the result is there")
        assert session.tools.called == [("notes", "notes.save_note", {"title": "Ada", "text": "calls"})]
        assert '"id": 7' in text_of(result)
        assert bench.app.run_screen.state.run is None


async def test_a_tool_without_arguments_is_called_too(tmp_path: Path) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path) as bench:
        await opened(bench)
        await bench.pilot.press("enter", "end", "t")
        await bench.until(lambda: isinstance(bench.app.screen, ToolCallScreen), "the form is open")
        form = bench.app.screen.query_one(ArgumentForm)
        await bench.until(lambda: form.has_focus, "the form has the focus")
        await bench.pilot.press("tab", "ctrl+s")
        await bench.until(lambda: session.tools.called, "it was called")
        assert session.tools.called == [("notes", "notes.count_notes", {})]


async def test_invalid_arguments_are_not_sent(tmp_path: Path) -> None:
    session = connected()
    session.tools.problems = ["title: too long"]
    async with workbench(session, folder=tmp_path) as bench:
        screen = await trying(bench)
        await bench.write("Ada")
        await bench.pilot.press("tab", "x", "ctrl+s")
        await bench.until(lambda: screen.query("FormRow.-wrong"), "the error is shown")
        assert session.tools.called == []


async def test_a_tool_that_needs_approval_asks_first_and_enter_is_no_yes(tmp_path: Path) -> None:
    session = connected()
    session.tools.approval = ("notes.save_note",)
    async with workbench(session, folder=tmp_path) as bench:
        screen = await trying(bench)
        await bench.pilot.press("a", "tab", "b", "ctrl+s")
        await bench.until(lambda: isinstance(bench.app.screen, ConfirmScreen), "it asks")
        await bench.pilot.press("enter", "space")
        assert '"title": "a"' in bench.drawing.replace("&quot;", '"')
        await bench.pilot.press("n")
        result = screen.query_one(TextPages)
        await bench.until(lambda: result.has_focus, "it was not called")
        assert "not called" in text_of(result)
        assert session.tools.called == []
        await bench.pilot.press("escape")
        await bench.pilot.press("ctrl+s")
        await bench.until(lambda: isinstance(bench.app.screen, ConfirmScreen), "it asks again")
        await bench.pilot.press("y")
        await bench.until(lambda: session.tools.called, "it was called")


async def test_a_failure_is_shown_with_its_hint(tmp_path: Path) -> None:
    session = connected()
    session.tools.answer = ToolClientError("MCP tool error: [no] such \x1b[31mnote", hint="list them first")
    async with workbench(session, folder=tmp_path) as bench:
        screen = await trying(bench)
        await bench.pilot.press("a", "tab", "b", "ctrl+s")
        result = screen.query_one(TextPages)
        await bench.until(lambda: "list them first" in text_of(result), "the failure is shown")
        assert "✗ ToolClientError" in text_of(result)
        assert control_characters_of(result) == set()


async def test_a_tool_that_changed_is_not_called_but_reviewed(tmp_path: Path) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path, notifications=True) as bench:
        await opened(bench)
        await bench.pilot.press("enter", "down", "t")
        await bench.until(lambda: "It changed and is held back" in bench.drawing, "it says why not")
        await bench.pilot.press("escape", "v")
        await bench.until(lambda: isinstance(bench.app.screen, ReviewScreen), "the review is open")
        await bench.pilot.press("enter", "space", "n")
        assert session.tools.approved == []
        await bench.pilot.press("a")
        await bench.until(lambda: session.tools.approved, "it is approved")
        assert session.tools.approved == [("notes", ["search_notes"])]
        await bench.until(lambda: isinstance(bench.app.screen, ToolsScreen), "nothing is left to review")


async def test_a_connection_is_switched_off_and_on_and_retried(tmp_path: Path) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path) as bench:
        await bench.pilot.press("f5", "d", "r", "down", "down", "down", "d", "r")
        await bench.until(lambda: len(session.tools.switched) == 2, "both are switched")
        assert session.tools.switched == [("notes", False), ("calendar", True)]
        assert session.tools.reconnected == ["notes"]


async def test_a_sign_in_shows_its_link_and_connects_afterwards(tmp_path: Path) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path) as bench:
        await bench.pilot.press("f5", "down", "l")
        await bench.until(lambda: isinstance(bench.app.screen, SignInScreen), "the link is shown")
        assert "https://auth.wiki.example/authorize" in bench.drawing
        await bench.pilot.press("r")
        await bench.until(lambda: session.tools.reconnected, "it connects")
        assert session.tools.reconnected == ["wiki"]


async def test_the_link_goes_by_itself_when_the_person_is_signed_in(tmp_path: Path) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path) as bench:
        await bench.pilot.press("f5", "down", "l")
        await bench.until(lambda: isinstance(bench.app.screen, SignInScreen), "the link is shown")
        session.tools.ready.add("wiki")
        await bench.until(lambda: not isinstance(bench.app.screen, SignInScreen), "the link is gone")
        assert session.tools.reconnected == []


async def test_a_change_of_the_connection_is_shown_while_one_looks_at_it(tmp_path: Path) -> None:
    session = connected()
    async with workbench(session, folder=tmp_path) as bench:
        screen = await opened(bench)
        session.happened(
            ConnectionChanged(name="notes", state="failed", transport="stdio", error="it is gone")
        )
        await bench.until(
            lambda: "it is gone" in text_of(screen.query_one(DetailPane)), "the failure is shown"
        )
        assert screen.query_one(Connections).selected is not None


async def test_a_recording_shows_the_tools_that_were_offered_and_calls_none(tmp_path: Path) -> None:
    session = connected()
    session.contents = dict(sample_contents())
    async with workbench(session, folder=tmp_path) as bench:
        screen = ToolsScreen(lambda: bench.app.run_screen.state, desk=None, contents=session)
        await bench.app.push_screen(screen)
        await bench.until(lambda: screen.query_one(ToolList).selected, "the tools are read")
        await bench.pilot.press("d", "r", "v", "enter", "t")
        await bench.until(lambda: screen.query_one(ToolList).has_focus, "the tools have the focus")
        assert bench.app.screen is screen
        assert (session.tools.switched, session.tools.reconnected, session.tools.called) == ([], [], [])


async def test_ten_thousand_tools_are_listed_and_moved_through(tmp_path: Path) -> None:
    session = connected(NOTES)
    session.tools.offered = {
        "notes": [{"name": f"tool_{number}", "input_schema": {}} for number in range(10_000)]
    }
    async with workbench(session, folder=tmp_path) as bench:
        screen = await opened(bench)
        tools = screen.query_one(ToolList)
        await bench.pilot.press("enter", "end")
        await bench.until(lambda: tools.selected and tools.selected.own_name == "tool_9999", "the last one")
        assert "tool_9999" in text_of(tools)


async def test_hostile_names_and_texts_are_shown_and_nothing_else_happens(tmp_path: Path) -> None:
    session = connected(NOTES)
    session.tools.offered = {
        "notes": [
            {
                "name": text,
                "description": text,
                "input_schema": {"properties": {text: {"type": text, "description": text, "enum": [text]}}},
            }
            for text in HOSTILE_TEXTS
        ]
    }
    async with workbench(session, folder=tmp_path) as bench:
        screen = await opened(bench)
        await bench.pilot.press("enter")
        for _ in HOSTILE_TEXTS:
            await bench.pilot.press("down", "t")
            assert control_characters_of(bench.app.screen) == set()
            if isinstance(bench.app.screen, ToolCallScreen):
                await bench.pilot.press("escape")
            await bench.until(lambda: bench.app.screen is screen, "back at the tools")
        assert bench.app.is_running
