"""Asking, stopping, streaming, and what the chat keeps."""

from __future__ import annotations

from pathlib import Path

from textual import events
from textual.widgets import Markdown

from penguiflow.sessions.results import SessionBusyError
from penguiflow.state.events import RunFailed, RunStarted, TextStreamed
from penguiflow_tui.widgets.finished_message import FinishedMessage
from penguiflow_tui.widgets.transcript import RUNS_SHOWN
from tests.fakes import recorded
from tests.fakes.session import FakeSession
from tests.fakes.workbench import workbench

UNSAFE = "\x1b]52;c;aGk=\x07[/x] [red]a[/red] [@click=app.quit]b[/] \x9b31m \u202eevil\u202c arr[i]"


async def test_enter_asks_and_ctrl_j_begins_a_new_line(tmp_path: Path) -> None:
    session = FakeSession()
    async with workbench(session, folder=tmp_path) as bench:
        await bench.write("one")
        await bench.pilot.press("ctrl+j")
        await bench.write("two")
        await bench.pilot.press("enter")
        await bench.until(lambda: session.asked, "the question was asked")
        assert session.asked == ["one\ntwo"]
        assert bench.composer.text == ""


async def test_a_question_while_the_agent_works_stays_in_the_composer(tmp_path: Path) -> None:
    session = FakeSession(on_ask=recorded.thinking())
    async with workbench(session, folder=tmp_path) as bench:
        await bench.write("a")
        await bench.pilot.press("enter")
        await bench.until(lambda: bench.app.run_screen.works, "the agent works")
        await bench.write("next")
        await bench.pilot.press("enter")
        assert session.asked == ["a"]
        assert bench.composer.text == "next"


async def test_a_question_that_was_refused_comes_back(tmp_path: Path) -> None:
    session = FakeSession(refuse=SessionBusyError("a run works"))
    async with workbench(session, folder=tmp_path) as bench:
        await bench.write("hello")
        await bench.pilot.press("enter")
        await bench.until(lambda: bench.composer.text == "hello", "the text is back")


async def test_escape_stops_the_run_and_keeps_what_was_typed(tmp_path: Path) -> None:
    session = FakeSession()
    async with workbench(session, folder=tmp_path) as bench:
        session.happened(*recorded.thinking())
        await bench.all_shown()
        await bench.write("half a")
        await bench.pilot.press("escape")
        await bench.until(lambda: session.interrupted == 1, "the run was interrupted")
        await bench.all_shown()
        await bench.pilot.press("escape")
        assert session.interrupted == 1
        assert bench.composer.text == "half a"


async def test_escape_never_gives_up_a_request_that_waits(tmp_path: Path) -> None:
    session = FakeSession()
    session.happened(*recorded.until_approval())
    async with workbench(session, folder=tmp_path) as bench:
        await bench.until(lambda: bench.card.has_focus, "the card has the focus")
        await bench.pilot.press("escape", "escape")
        assert session.interrupted == 0


async def test_one_widget_streams_and_freezes_when_the_next_question_comes(tmp_path: Path) -> None:
    session = FakeSession()
    async with workbench(session, folder=tmp_path) as bench:
        session.happened(*recorded.thinking(), *recorded.answered("first ", "answer", step=1))
        await bench.until(lambda: len(bench.transcript.query(Markdown)) <= 1, "at most one Markdown widget")
        session.happened(*recorded.thinking(), run_id="run-2")
        session.happened(TextStreamed(step=1, channel="answer", text="sec"), run_id="run-2")
        await bench.until(lambda: bench.transcript.query(Markdown), "the second answer streams")
        answers = bench.transcript.query("FinishedMessage.-answer")
        await bench.until(
            lambda: len(bench.transcript.query(Markdown)) == 1 and len(answers) == 1, "one is live"
        )


async def test_an_attempt_that_begins_anew_replaces_the_text(tmp_path: Path) -> None:
    session = FakeSession()
    async with workbench(session, folder=tmp_path) as bench:
        session.happened(*recorded.thinking(), TextStreamed(step=1, channel="answer", text="wrong words"))
        await bench.until(
            lambda: "wrong words" in _shown(bench.transcript.query(Markdown)), "the first attempt"
        )
        session.happened(recorded.model_called(1), TextStreamed(step=1, channel="answer", text="right"))
        await bench.until(
            lambda: _shown(bench.transcript.query(Markdown)).strip() == "right", "the second attempt"
        )


async def test_the_chat_keeps_a_window_of_runs(tmp_path: Path) -> None:
    session = FakeSession()
    for number in range(RUNS_SHOWN + 25):
        session.happened(
            RunStarted(question=f"question {number}", agent="demo"),
            *recorded.answered("ok", step=1),
            run_id=f"run-{number}",
        )
    async with workbench(session, folder=tmp_path) as bench:
        await bench.until(
            lambda: len(bench.transcript.query(FinishedMessage)) == 2 * RUNS_SHOWN, "the window is drawn"
        )


async def test_text_from_outside_is_shown_and_does_nothing(tmp_path: Path) -> None:
    session = FakeSession()
    args = {"title": UNSAFE, UNSAFE: [UNSAFE]}
    session.happened(RunStarted(question=UNSAFE, agent=UNSAFE, model=UNSAFE))
    session.happened(*recorded.until_approval(args)[1:])
    session.happened(RunStarted(question=UNSAFE, agent="demo"), run_id="run-2")
    session.happened(RunFailed(code=UNSAFE, message=UNSAFE, hint=UNSAFE), run_id="run-2")
    session.happened(RunStarted(question="q", agent="demo"), run_id="run-3")
    session.happened(*recorded.answered(UNSAFE, f"```{UNSAFE}```", step=1), run_id="run-3")
    async with workbench(session, folder=tmp_path) as bench:
        session.record_output("stdout", UNSAFE)
        await bench.press_when_armed("e")
        await bench.until(lambda: not bench.card.has_focus, "the form has the focus")
        await bench.at_rest()
        drawing = bench.app.export_screenshot()
        assert not any(character in drawing for character in "\x1b\x07\x9b\u202e\u202c")
        assert bench.app.is_running


def _shown(widgets: object) -> str:
    return "".join(widget.source for widget in widgets)  # type: ignore[attr-defined] - a query of Markdown


async def test_a_long_chat_opens_at_its_end_and_stays_where_it_is_read(tmp_path: Path) -> None:
    session = FakeSession()
    for number in range(30):
        question = RunStarted(question=f"question {number}", agent="demo")
        session.happened(question, *recorded.answered("ok", step=1), run_id=f"run-{number}")
    async with workbench(session, folder=tmp_path) as bench:
        chat = bench.transcript
        await bench.until(lambda: chat.max_scroll_y > 0 and chat.is_vertical_scroll_end, "the end is shown")
        await bench.pilot.press("tab", "pageup")
        await bench.until(lambda: chat.scroll_y < chat.max_scroll_y, "the person scrolled up")
        place = chat.scroll_y
        session.happened(RunStarted(question="another", agent="demo"), run_id="run-30")
        await bench.until(lambda: chat.border_subtitle, "the chat says that there is more")
        assert chat.scroll_y == place
        await bench.pilot.press("end")
        await bench.until(lambda: chat.is_vertical_scroll_end, "the end is shown")


async def test_letters_typed_right_after_enter_belong_to_the_next_question(tmp_path: Path) -> None:
    session = FakeSession()
    async with workbench(session, folder=tmp_path) as bench:
        for key in [*"one", "enter", *"two"]:
            # As a terminal sends a burst: all keys are on their way before the first one is handled.
            bench.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await bench.until(lambda: session.asked == ["one"], "the question was asked")
        await bench.until(lambda: bench.composer.text == "two", "the next one is being written")


async def test_a_chat_that_fits_again_stands_at_the_top(tmp_path: Path) -> None:
    session = FakeSession()
    async with workbench(session, folder=tmp_path, size=(60, 18)) as bench:
        session.happened(*recorded.until_approval())
        await bench.until(lambda: bench.transcript.max_scroll_y > 0, "the card leaves too little room")
        session.happened(*recorded.saved())
        await bench.until(lambda: not bench.card.display, "the card is gone")
        first = bench.transcript.query(FinishedMessage).first()
        await bench.until(
            lambda: first.region.y == bench.transcript.content_region.y, "the question stands at the top"
        )


async def test_the_place_that_is_read_stays_while_another_pane_is_shown(tmp_path: Path) -> None:
    session = FakeSession()
    async with workbench(session, folder=tmp_path, size=(80, 24)) as bench:
        session.happened(*recorded.thinking(), *recorded.answered("word\n\n" * 60, step=1))
        await bench.all_shown()
        await bench.until(lambda: bench.transcript.max_scroll_y > 20, "the answer is long")
        await bench.pilot.press("tab", "home")
        await bench.until(lambda: bench.transcript.scroll_y == 0, "the start is read")
        await bench.pilot.press("f3", "f4", "f2")
        await bench.pilot.pause(0.2)
        assert bench.transcript.scroll_y == 0
