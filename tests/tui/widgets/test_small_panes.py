"""Step detail, connections and status line."""

from __future__ import annotations

import pytest

from penguiflow.state.events import ConnectionChanged, RunEvent, RunStarted, ToolFinished, ToolStarted
from penguiflow_tui.chat_messages import CopyRequested
from penguiflow_tui.messages import ConnectionOpened, ConnectionRetried
from penguiflow_tui.model import (
    EMPTY,
    TrajectoryKey,
    TrajectorySubject,
    find_subject,
    reduce_all,
    status_fields,
)
from penguiflow_tui.sample_run import sample_events
from penguiflow_tui.widgets.connections import Connections
from penguiflow_tui.widgets.status_line import StatusLine, status_content
from penguiflow_tui.widgets.step_detail import StepDetail
from tests.fakes.panes import HOSTILE_TEXTS, Listening, control_characters_of, text_of, until

SIZE = (70, 24)
EVENTS = sample_events()
SAMPLE = reduce_all(EMPTY, EVENTS)


def subject(run_id: str, step: int | None = None, call_id: str | None = None) -> TrajectorySubject:
    found = find_subject(SAMPLE, TrajectoryKey(run_id, step, call_id))
    assert found is not None
    return found


async def test_an_empty_detail_says_what_to_do() -> None:
    pane = StepDetail()
    async with Listening(pane).run_test(size=SIZE):
        assert "Select a step" in text_of(pane)


async def test_the_detail_shows_the_selected_call() -> None:
    pane = StepDetail()
    async with Listening(pane).run_test(size=SIZE) as pilot:
        pane.show(subject("run-1", 2, "call-2"))
        await until(pilot, lambda: "changed by a person" in text_of(pane), "the call")
        assert "notes.save_note" in text_of(pane)
        assert '"text": "Ada calls back on Wednesday at ten."' in text_of(pane)


async def test_of_many_selections_in_a_row_the_last_is_shown() -> None:
    pane = StepDetail()
    async with Listening(pane).run_test(size=SIZE) as pilot:
        for number in (1, 2, 3):
            pane.show(subject("run-1", number))
        await until(pilot, lambda: "Step 3" in text_of(pane), "the last selection")
        pane.show(None)
        await until(pilot, lambda: "Select a step" in text_of(pane), "nothing selected")


async def test_an_event_is_shown_whole_and_c_copies_it() -> None:
    pane = StepDetail()
    app = Listening(pane)
    async with app.run_test(size=SIZE) as pilot:
        asked = next(event for event in EVENTS if event.body.kind == "person_asked")
        pane.show(asked)
        await until(pilot, lambda: '"call_id": "call-2"' in text_of(pane), "the event")
        await pilot.press("c")
        await until(pilot, lambda: bool(app.heard), "the copy")
        copied = app.heard[0]
        assert isinstance(copied, CopyRequested)
        assert '"request_id": "request-1"' in copied.text


async def test_a_pane_out_of_sight_formats_nothing_until_it_is_shown() -> None:
    pane = StepDetail()
    async with Listening(pane).run_test(size=SIZE) as pilot:
        pane.display = False
        await pilot.pause()
        pane.show(subject("run-1", 1))
        await pilot.pause(0.2)
        assert pane.view is None
        pane.display = True
        await until(pilot, lambda: pane.view is not None, "the pane drawn")


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
async def test_hostile_text_in_the_detail_is_shown_and_nothing_else_happens(text: str) -> None:
    bodies = (
        RunStarted(question=text, agent=text, model=text),
        ToolStarted(step=1, call_id=text, tool=text, args={text: text}),
        ToolFinished(step=1, call_id=text, tool=text, result=[text, {text: text}], error=text),
    )
    events = [
        RunEvent(session_id=text, run_id=text, seq=seq, ts=0.0, body=body) for seq, body in enumerate(bodies)
    ]
    found = find_subject(reduce_all(EMPTY, events), TrajectoryKey(text, 1, text))
    assert found is not None
    pane = StepDetail()
    app = Listening(pane)
    async with app.run_test(size=(40, 12)) as pilot:
        for each in (found, events[2]):
            pane.show(each)
            await pilot.pause(0.1)
            await until(pilot, lambda: pane.view is not None, "the pane drawn")
            await pilot.click(pane, offset=(5, 5))
            assert control_characters_of(pane) == set()
        assert app.is_running


async def test_an_agent_without_connections_says_so() -> None:
    pane = Connections()
    async with Listening(pane).run_test(size=SIZE):
        assert "no tool connections" in text_of(pane)


async def test_a_failed_connection_shows_why_and_what_to_do() -> None:
    pane = Connections()
    async with Listening(pane).run_test(size=SIZE) as pilot:
        pane.show(SAMPLE.connections)
        await until(pilot, lambda: "calendar" in text_of(pane), "the connections")
        shown = text_of(pane)
        assert "Tools 1/3 ready" in shown
        assert "● notes  ready  3 tools · stdio · 412 ms" in shown
        assert "✗ weather  failed" in shown
        assert "Start the server, then press R." in shown


async def test_keys_open_and_retry_the_connection_under_the_cursor() -> None:
    pane = Connections()
    app = Listening(pane)
    async with app.run_test(size=SIZE) as pilot:
        pane.show(SAMPLE.connections)
        await pilot.pause()
        await pilot.press("down", "r", "enter")
        await until(pilot, lambda: len(app.heard) == 2, "both messages")
        retried, opened = app.heard
        assert isinstance(retried, ConnectionRetried)
        assert isinstance(opened, ConnectionOpened)
        assert (retried.name, opened.name) == ("weather", "weather")


async def test_connections_change_in_place_and_go_away() -> None:
    pane = Connections()
    async with Listening(pane).run_test(size=SIZE) as pilot:
        pane.show(SAMPLE.connections)
        await pilot.press("down", "down")
        closed = ConnectionChanged(name="notes", state="closed", transport="stdio")
        pane.show((closed,))
        await until(pilot, lambda: "notes  closed" in text_of(pane), "the closed connection")
        assert "weather" not in text_of(pane)
        assert pane.cursor == 0
        pane.show(())
        await until(pilot, lambda: "no tool connections" in text_of(pane), "the empty pane")


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
async def test_hostile_text_in_a_connection_is_shown_and_nothing_else_happens(text: str) -> None:
    pane = Connections()
    app = Listening(pane)
    async with app.run_test(size=(40, 12)) as pilot:
        pane.show(
            [ConnectionChanged(name=text, state=text, transport=text, error=text, hint=text, latency_ms=1.0)]
        )
        await pilot.pause()
        await pilot.click(pane, offset=(5, 2))
        assert control_characters_of(pane) == set()
        assert app.is_running


async def test_the_status_line_shows_state_use_and_cost() -> None:
    line = StatusLine()
    async with Listening(line).run_test(size=(120, 4)) as pilot:
        line.show(SAMPLE, title="notebook", model="sample/model-1", lag_ms=120)
        await pilot.pause()
        shown = text_of(line)
        for part in ("◆ waiting for you", "notebook", "sample/model-1", "5 steps", "$0.0013+?", "lag 120 ms"):
            assert part in shown


@pytest.mark.parametrize("cells", [0, 1, 5, 20, 40, 60, 80, 120])
def test_the_status_line_never_grows_beyond_its_room(cells: int) -> None:
    for text in HOSTILE_TEXTS:
        fields = status_fields(SAMPLE, title=text, model=text, lag_ms=700)
        content = status_content(fields, cells)
        assert content.cell_length <= cells
        assert "\x1b" not in content.plain


def test_a_narrow_status_line_keeps_what_weighs_most() -> None:
    fields = status_fields(SAMPLE, title="notebook", model="sample/model-1")
    shown = status_content(fields, 50).plain
    assert shown.startswith("◆ waiting for you   notebook")
    assert shown.endswith("$0.0013+?")
