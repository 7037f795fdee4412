"""The event log: many events, few drawn; a cursor, a tail that is followed, and copies."""

from __future__ import annotations

import pytest
from textual.geometry import Offset
from textual.selection import Selection

from penguiflow.state.events import EventBody, OutputCaptured, RunEvent, ToolFinished
from penguiflow_tui.chat_messages import CopyRequested
from penguiflow_tui.messages import EventSelected
from penguiflow_tui.sample_run import sample_events
from penguiflow_tui.widgets.event_log import EventLog
from tests.fakes.panes import HOSTILE_TEXTS, Listening, control_characters_of, text_of, until

SIZE = (100, 12)


def lines(count: int, start: int = 0) -> list[RunEvent]:
    return [
        event(number, OutputCaptured(stream="log", text=f"line {number}."))
        for number in range(start, start + count)
    ]


def event(seq: int, body: EventBody) -> RunEvent:
    return RunEvent(session_id="s", run_id="r", seq=seq, ts=1_780_000_000.0 + seq, body=body)


async def test_an_empty_log_says_what_will_appear() -> None:
    log = EventLog()
    async with Listening(log).run_test(size=SIZE):
        assert "Events appear here" in text_of(log)


async def test_the_log_follows_its_end_while_the_cursor_is_there() -> None:
    log = EventLog()
    async with Listening(log).run_test(size=SIZE) as pilot:
        log.append(lines(1000))
        await until(pilot, lambda: "line 999." in text_of(log), "the last line")
        log.append(lines(5, 1000))
        await until(pilot, lambda: "line 1004." in text_of(log), "the new last line")
        assert log.unseen == 0


async def test_a_reader_stays_in_place_is_told_what_is_new_and_comes_back_with_end() -> None:
    log = EventLog()
    async with Listening(log).run_test(size=SIZE) as pilot:
        log.append(lines(1000))
        await pilot.press("pageup", "pageup")
        read = text_of(log)
        log.append(lines(5, 1000))
        await pilot.pause()
        assert log.unseen == 5
        assert "5 new" in text_of(log)
        assert "line 1004." not in text_of(log)
        assert read.splitlines()[1] in text_of(log)
        await pilot.press("end")
        await until(pilot, lambda: "line 1004." in text_of(log), "the end")
        assert (log.unseen, log.follows) == (0, True)


async def test_the_mouse_wheel_also_stops_following() -> None:
    log = EventLog()
    async with Listening(log).run_test(size=SIZE) as pilot:
        log.append(lines(1000))
        await pilot.pause()
        log.scroll_to(y=100, animate=False)
        await pilot.pause()
        log.append(lines(1, 1000))
        await pilot.pause()
        assert log.scroll_offset.y == 100
        assert log.unseen == 1


async def test_old_events_fall_out_and_the_read_line_stays_where_it_is() -> None:
    log = EventLog(capacity=100)
    async with Listening(log).run_test(size=SIZE) as pilot:
        log.append(lines(100))
        await pilot.press("up")
        log.scroll_to(y=60, animate=False)
        await pilot.pause()
        assert "line 60." in text_of(log)
        log.append(lines(30, 100))
        await pilot.pause()
        assert log.virtual_size.height == 100
        assert "line 60." in text_of(log)
        assert log.event_count == 130


async def test_enter_opens_the_event_under_the_cursor_and_c_copies_its_line() -> None:
    log = EventLog()
    app = Listening(log)
    async with app.run_test(size=SIZE) as pilot:
        log.append(lines(50))
        await pilot.press("up", "enter", "c")
        await until(pilot, lambda: len(app.heard) == 2, "both messages")
        opened, copied = app.heard
        assert isinstance(opened, EventSelected)
        assert isinstance(copied, CopyRequested)
        assert (opened.index, opened.event.seq) == (48, 48)
        assert copied.text.endswith("line 48.")


async def test_a_click_puts_the_cursor_on_the_line() -> None:
    log = EventLog()
    async with Listening(log).run_test(size=SIZE) as pilot:
        log.append(lines(5))
        await pilot.pause()
        await pilot.click(log, offset=(20, 3))
        assert log.cursor == 2


async def test_selected_text_is_that_of_the_lines() -> None:
    log = EventLog()
    async with Listening(log).run_test(size=SIZE) as pilot:
        log.append(lines(20))
        await pilot.pause()
        selection = Selection(Offset(27, 3), Offset(31, 4))
        assert log.get_selection(selection) == ("line 3.\n" + log_line(log, 4)[:31], "\n")
        log.screen.selections = {log: selection}
        await pilot.pause()
        assert "line 19." in text_of(log)


def log_line(log: EventLog, index: int) -> str:
    whole = log.get_selection(Selection(Offset(0, index), Offset(10_000, index)))
    assert whole is not None
    return whole[0]


async def test_another_session_begins_with_an_empty_log() -> None:
    log = EventLog()
    async with Listening(log).run_test(size=SIZE) as pilot:
        log.append(lines(50))
        await pilot.press("up")
        log.clear()
        await pilot.pause()
        assert "line" not in text_of(log).replace("Events appear", "")
        log.append(lines(3))
        await pilot.pause()
        assert "line 2." in text_of(log)
        assert log.event_count == 3


async def test_long_lines_can_be_read_sideways() -> None:
    log = EventLog()
    async with Listening(log).run_test(size=SIZE) as pilot:
        log.append([event(0, OutputCaptured(stream="log", text="a" * 200 + "END"))])
        await pilot.pause()
        assert "END" not in text_of(log)
        log.scroll_to(x=150, animate=False)
        await pilot.pause()
        assert "END" in text_of(log)


@pytest.mark.parametrize("theme", ["penguin-night", "penguin-day", "ansi-dark"])
async def test_every_kind_of_event_is_drawn_in_every_theme(theme: str) -> None:
    log = EventLog()
    app = Listening(log)
    async with app.run_test(size=(110, 45)) as pilot:
        app.theme = theme
        log.append(sample_events())
        await pilot.pause()
        shown = text_of(log)
        assert all(word in shown for word in ("question", "asks you", "edit", "connection", "cost ?"))


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
async def test_hostile_text_is_shown_and_nothing_else_happens(text: str) -> None:
    log = EventLog()
    app = Listening(log)
    async with app.run_test(size=(60, 8)) as pilot:
        log.append([event(0, OutputCaptured(stream="stdout", text=text))])
        log.append([event(1, ToolFinished(step=1, call_id=text, tool=text, result=text, error=text))])
        await pilot.press("up", "down")
        log.scroll_to(x=30, animate=False)
        await pilot.pause()
        log.screen.selections = {log: Selection(Offset(3, 0), Offset(40, 1))}
        await pilot.pause()
        assert control_characters_of(log) == set()
        await pilot.click(log, offset=(30, 1))
        assert app.is_running
