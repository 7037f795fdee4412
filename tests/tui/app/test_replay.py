"""A recording on the screen: it plays, obeys its keys, and decides nothing."""

from __future__ import annotations

from pathlib import Path

from penguiflow.state.bodies import ContentRef
from penguiflow.state.errors import StoreError
from penguiflow.state.events import EventBody, RunEvent
from penguiflow_tui.model.marks import CALL_MARKS
from penguiflow_tui.replay.playback import INSTANT
from penguiflow_tui.screens.help import HelpScreen
from penguiflow_tui.screens.pager import PagerScreen
from penguiflow_tui.widgets.chat_start import ChatStart
from penguiflow_tui.widgets.composer import Composer
from penguiflow_tui.widgets.event_log import EventLog
from penguiflow_tui.widgets.status_line import StatusLine
from penguiflow_tui.widgets.text_pages import TextPages
from penguiflow_tui.widgets.trajectory import Trajectory
from tests.fakes import recorded
from tests.fakes.panes import text_of
from tests.fakes.replay import ReplayBench, replaying

UNTIL_APPROVAL = recorded.until_approval()
SAVED = [*UNTIL_APPROVAL, *recorded.saved(), *recorded.answered("Saved as note 1.")]


def events(*bodies: EventBody, gap_s: float = 1.0) -> list[RunEvent]:
    return [
        RunEvent(session_id="s", run_id="r", seq=seq, ts=1_780_000_000.0 + seq * gap_s, body=body)
        for seq, body in enumerate(bodies)
    ]


def status_of(bench: ReplayBench) -> str:
    return text_of(bench.screen.query_one(StatusLine))


async def test_events_appear_when_they_are_due(tmp_path: Path) -> None:
    async with replaying(events(*SAVED), folder=tmp_path, speed=2.0) as bench:
        await bench.shown(1)
        await bench.play(1.0, until_shown=3)
        await bench.until(lambda: "replay 2x 00:02/00:12" in status_of(bench), "the status tells the time")
        assert "thinking" in status_of(bench)
        await bench.play(60, until_shown=len(SAVED))
        await bench.until(lambda: "ended" in status_of(bench), "the status tells the end")
        assert bench.screen.state.activity == "idle"


async def test_space_pauses_wherever_the_focus_is(tmp_path: Path) -> None:
    async with replaying(events(*SAVED), folder=tmp_path) as bench:
        await bench.shown(1)
        await bench.press("f3", "space")
        assert bench.app.focused is bench.screen.query_one(Trajectory)
        assert bench.playback.state == "paused"
        bench.ticks.now += 100
        await bench.press("f4", "space")
        assert bench.playback.state == "playing"
        await bench.shown(1)


async def test_enter_folds_a_step_since_space_is_taken(tmp_path: Path) -> None:
    async with replaying(events(*SAVED), folder=tmp_path, speed=INSTANT) as bench:
        await bench.shown(len(SAVED))
        await bench.press("f3", "home", "enter")
        tree = bench.screen.query_one(Trajectory)
        assert not tree.root.children[0].is_expanded


async def test_one_event_at_a_time(tmp_path: Path) -> None:
    async with replaying(events(*SAVED), folder=tmp_path) as bench:
        await bench.shown(1)
        await bench.press("full_stop")
        await bench.shown(2)
        await bench.press("right")
        await bench.shown(3)
        assert bench.playback.state == "paused"


async def test_home_and_end_jump_and_nothing_of_before_stays(tmp_path: Path) -> None:
    async with replaying(events(*SAVED), folder=tmp_path) as bench:
        await bench.press("end")
        await bench.shown(len(SAVED))
        ended = bench.screen.state
        await bench.press("space", "space", "home")
        await bench.shown(0)
        assert bench.screen.query_one(EventLog).event_count == 0
        assert "recording of 13 events" in str(bench.screen.query_one(ChatStart).content)
        await bench.press("end")
        await bench.shown(len(SAVED))
        assert bench.screen.state == ended


async def test_plus_and_minus_change_the_speed(tmp_path: Path) -> None:
    async with replaying(events(*SAVED), folder=tmp_path) as bench:
        await bench.press("plus", "equals_sign", "minus")
        assert bench.playback.speed == 2.0
        await bench.until(lambda: "Replay 2x" in text_of(bench.bar), "the bar tells the speed")


async def test_a_shortened_gap_is_told(tmp_path: Path) -> None:
    async with replaying(events(*UNTIL_APPROVAL, gap_s=90.0), folder=tmp_path) as bench:
        await bench.until(
            lambda: "1 min 30 s without an event, played as 2 s" in text_of(bench.bar), "the gap is told"
        )


async def test_a_recorded_request_takes_no_decision(tmp_path: Path) -> None:
    async with replaying(events(*SAVED), folder=tmp_path) as bench:
        await bench.play(4.0, until_shown=len(UNTIL_APPROVAL))
        await bench.until(lambda: bench.card.display, "the card is shown")
        assert "no decision is asked of you" in text_of(bench.card)
        bench.card.focus()
        bench.ticks.now += 0.9
        await bench.press("a", "e", "r", "d", "enter")
        assert (bench.card.mode, bench.card.folded) == ("ask", False)
        await bench.play(3.0, until_shown=8)
        await bench.until(lambda: not bench.card.display, "the recorded decision took the card away")
        run = bench.screen.state.run
        assert run is not None
        assert [notice.kind for notice in run.notices] == ["approved"]
        assert run.steps[0].calls[0].state == "ok"
        assert CALL_MARKS["ok"].word in text_of(bench.screen.query_one(Trajectory))


async def test_there_is_nothing_to_write_into(tmp_path: Path) -> None:
    async with replaying(events(*SAVED), folder=tmp_path) as bench:
        assert not bench.screen.query(Composer)
        assert bench.app.focused is bench.bar


async def test_no_tool_connection_can_be_tried_again(tmp_path: Path) -> None:
    async with replaying(events(recorded.CONNECTION_FAILED, *SAVED), folder=tmp_path) as bench:
        await bench.shown(1)
        await bench.press("f5")
        shown = {binding.binding.id for binding in bench.screen.active_bindings.values() if binding.enabled}
        assert "retry-connection" not in shown
        assert "open-connection" in shown


async def test_every_pane_is_reached_with_tab(tmp_path: Path) -> None:
    async with replaying(events(*SAVED), folder=tmp_path, size=(60, 20), speed=INSTANT) as bench:
        await bench.shown(len(SAVED))
        reached: list[str | None] = []
        for _ in range(6):
            await bench.press("tab")
            reached.append(None if bench.app.focused is None else bench.app.focused.id)
        assert reached == ["transcript", "trajectory", "detail", "connections", "log", "replay"]


async def test_a_whole_prompt_is_read_on_demand(tmp_path: Path) -> None:
    call = recorded.model_called(1)
    refs = (
        ContentRef(content_id="c-system", chars=26, role="system"),
        ContentRef(content_id="c-gone", chars=9, role="user"),
    )
    bodies = [*recorded.thinking(), recorded.with_prompt(call, refs, reply="[/done]")]
    async with replaying(events(*bodies), folder=tmp_path, speed=INSTANT) as bench:
        bench.recording.contents["c-system"] = "Be \x1b[31mbrief[/]."
        await bench.shown(len(bodies))
        await bench.press("f3", "end", "tab")
        await bench.until(lambda: "2 messages, 35 characters" in text_of(bench.screen), "the share is shown")
        await bench.press("o")
        await bench.until(lambda: isinstance(bench.app.screen, PagerScreen), "the pager is open")
        await bench.until(lambda: bench.app.screen.query_one(TextPages).row_count, "the text is read")
        text = text_of(bench.app.screen)
        for shown in ("Prompt 1 of 2 · system", "Be ␛[31mbrief[/].", "not in the store", "[/done]"):
            assert shown in text
        await bench.press("escape")
        await bench.until(lambda: bench.app.screen is bench.screen, "the pager is closed")


async def test_a_recording_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    fail = StoreError("the history is [damaged]", hint="restore it from a backup")
    async with replaying([], folder=tmp_path, fail=fail) as bench:
        await bench.until(lambda: "[damaged]" in text_of(bench.screen), "it says why")
        shown = text_of(bench.screen)
        assert "✗ The recording cannot be loaded" in shown
        assert "restore it from a backup" in shown
        await bench.press("space", "full_stop", "home", "end")
        assert bench.app.is_running


async def test_an_empty_recording_says_so(tmp_path: Path) -> None:
    async with replaying([], folder=tmp_path) as bench:
        await bench.until(lambda: "Nothing was recorded here." in text_of(bench.screen), "it says so")
        assert bench.playback.state == "over"


async def test_the_help_names_the_keys_of_a_replay_only(tmp_path: Path) -> None:
    async with replaying(events(*SAVED), folder=tmp_path) as bench:
        await bench.press("f1")
        assert isinstance(bench.app.screen, HelpScreen)
        text = text_of(bench.app.screen)
        assert "Go back to the start" in text
        assert "Ask the agent" not in text
        await bench.press("escape")
        assert bench.app.screen is bench.screen


async def test_escape_leaves(tmp_path: Path) -> None:
    async with replaying(events(*SAVED), folder=tmp_path) as bench:
        await bench.pilot.press("escape")
        await bench.until(lambda: not bench.app.is_running, "the replay is left")


async def test_a_screen_of_almost_no_size_survives(tmp_path: Path) -> None:
    async with replaying(events(*SAVED), folder=tmp_path, size=(20, 6)) as bench:
        await bench.press("end", "f3", "f4", "f5", "f2", "space", "home", "full_stop", "f1")
        assert bench.app.is_running
