"""The trajectory: nodes by key, changed in place; a cursor that follows until the person moves it."""

from __future__ import annotations

import pytest

from penguiflow.state.events import (
    ActionChosen,
    EventBody,
    RunEvent,
    RunFinished,
    RunStarted,
    StepStarted,
    ToolFinished,
    ToolStarted,
)
from penguiflow_tui.messages import StepSelected
from penguiflow_tui.model import EMPTY, TrajectoryKey, WorkbenchState, reduce_all
from penguiflow_tui.sample_run import sample_events
from penguiflow_tui.widgets.trajectory import Trajectory
from tests.fakes.panes import HOSTILE_TEXTS, Listening, control_characters_of, text_of, until

SIZE = (60, 20)


def history(*bodies: EventBody, run_id: str = "r", start: int = 0) -> list[RunEvent]:
    return [
        RunEvent(session_id="s", run_id=run_id, seq=seq, ts=float(seq), body=body)
        for seq, body in enumerate(bodies, start)
    ]


def step(number: int, tool: str = "tool", error: str | None = None) -> list[EventBody]:
    call_id = f"c{number}"
    return [
        StepStarted(step=number),
        ActionChosen(step=number, next_node=tool, thought=f"thought {number}."),
        ToolStarted(step=number, call_id=call_id, tool=tool),
        ToolFinished(step=number, call_id=call_id, tool=tool, error=error, latency_ms=5.0),
    ]


ASK = RunStarted(question="first question", agent="a")
END = RunFinished(reason="answer_complete", answer="x", steps=1, llm_calls=1, latency_ms=1.0)
SAMPLE = reduce_all(EMPTY, sample_events())


def selected(app: Listening) -> list[TrajectoryKey]:
    return [message.key for message in app.heard if isinstance(message, StepSelected)]


async def test_an_empty_trajectory_says_what_will_appear() -> None:
    tree = Trajectory()
    async with Listening(tree).run_test(size=SIZE):
        assert "Steps appear here" in text_of(tree)


async def test_a_run_shows_thought_tool_state_word_and_latency() -> None:
    tree = Trajectory()
    async with Listening(tree).run_test(size=(90, 20)) as pilot:
        tree.show(SAMPLE.runs[:1])
        await until(pilot, lambda: "3 answer" in text_of(tree), "the last step")
        shown = text_of(tree)
        assert "answered · 3 steps" in shown
        assert "✗ notes.search_notes" in shown
        assert "failed · 3.0 s" in shown
        assert "ok · 12 ms · edited" in shown


async def test_a_label_changes_in_place_when_its_call_ends() -> None:
    tree = Trajectory()
    async with Listening(tree).run_test(size=SIZE) as pilot:
        running = reduce_all(EMPTY, history(ASK, *step(1)[:3]))
        tree.show(running.runs)
        await until(pilot, lambda: "running" in text_of(tree), "the running call")
        nodes = tree.root.children[0].children
        ended = reduce_all(running, history(step(1)[3], start=4))
        tree.show(ended.runs)
        await until(pilot, lambda: "ok · 5 ms" in text_of(tree), "the ended call")
        assert tree.root.children[0].children[0] is nodes[0]


async def test_the_step_before_the_current_one_does_not_go_on_thinking() -> None:
    tree = Trajectory()
    async with Listening(tree).run_test(size=SIZE) as pilot:
        state = reduce_all(EMPTY, history(ASK, StepStarted(step=1)))
        tree.show(state.runs)
        state = reduce_all(state, history(StepStarted(step=2), start=2))
        tree.show(state.runs)
        await until(pilot, lambda: "● 2" in text_of(tree), "step 2")
        assert "✓ 1" in text_of(tree)


async def test_the_cursor_follows_the_latest_step_until_the_person_moves_it() -> None:
    tree = Trajectory()
    app = Listening(tree)
    async with app.run_test(size=SIZE) as pilot:
        state = reduce_all(EMPTY, history(ASK, *step(1)))
        tree.show(state.runs)
        await until(pilot, lambda: selected(app)[-1:] == [TrajectoryKey("r", 1, "c1")], "the first call")
        await pilot.press("up")
        state = reduce_all(state, history(*step(2), start=5))
        tree.show(state.runs)
        await until(pilot, lambda: "thought 2." in text_of(tree), "step 2")
        await pilot.pause()
        assert selected(app)[-1] == TrajectoryKey("r", 1)
        await pilot.press("end")
        await until(pilot, lambda: selected(app)[-1] == TrajectoryKey("r", 2, "c2"), "the latest call")
        assert tree.follows


async def test_an_earlier_run_is_folded_and_filled_when_it_is_unfolded() -> None:
    tree = Trajectory()
    async with Listening(tree).run_test(size=SIZE) as pilot:
        state = reduce_all(
            EMPTY,
            [*history(ASK, *step(1), END), *history(RunStarted(question="second", agent="a"), run_id="r2")],
        )
        tree.show(state.runs)
        await until(pilot, lambda: "second" in text_of(tree), "the second run")
        assert "thought 1." not in text_of(tree)
        await pilot.press("home", "space")
        await until(pilot, lambda: "thought 1." in text_of(tree), "the steps of the first run")


async def test_going_to_a_step_unfolds_its_run() -> None:
    tree = Trajectory()
    app = Listening(tree)
    async with app.run_test(size=SIZE) as pilot:
        tree.show(SAMPLE.runs)
        await pilot.pause()
        tree.go_to(TrajectoryKey("run-1", 2, "call-2"))
        await until(pilot, lambda: selected(app)[-1:] == [TrajectoryKey("run-1", 2, "call-2")], "the call")


async def test_n_and_shift_n_go_around_the_errors() -> None:
    tree = Trajectory()
    app = Listening(tree)
    async with app.run_test(size=SIZE) as pilot:
        state = reduce_all(EMPTY, history(ASK, *step(1, error="no"), *step(2), *step(3, error="no")))
        tree.show(state.runs)
        await until(pilot, lambda: "thought 3." in text_of(tree), "step 3")
        await pilot.press("home", "n")
        await until(pilot, lambda: selected(app)[-1:] == [TrajectoryKey("r", 1)], "the first error")
        await pilot.press("n", "n")
        await until(pilot, lambda: selected(app)[-1:] == [TrajectoryKey("r", 3)], "the third error")
        await pilot.press("N")
        await until(pilot, lambda: selected(app)[-1:] == [TrajectoryKey("r", 1, "c1")], "the error before")


async def test_another_session_begins_with_an_empty_tree() -> None:
    tree = Trajectory()
    async with Listening(tree).run_test(size=SIZE) as pilot:
        tree.show(SAMPLE.runs)
        await pilot.pause()
        tree.clear_runs()
        await pilot.pause()
        assert "Steps appear here" in text_of(tree)
        tree.show(SAMPLE.runs)
        await until(pilot, lambda: "waiting for you" in text_of(tree), "the runs again")


@pytest.mark.parametrize("size", [(24, 8), (10, 5), (2, 3), (90, 20)])
async def test_any_width_is_survived(size: tuple[int, int]) -> None:
    tree = Trajectory()
    app = Listening(tree)
    async with app.run_test(size=size) as pilot:
        tree.show(SAMPLE.runs)
        await pilot.pause()
        await pilot.resize_terminal(40, 10)
        await pilot.pause()
        assert "waiting" in text_of(tree)


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
async def test_hostile_text_is_shown_and_nothing_else_happens(text: str) -> None:
    tree = Trajectory()
    app = Listening(tree)
    async with app.run_test(size=(50, 10)) as pilot:
        tree.show(hostile_state(text).runs)
        await pilot.press("home", "down", "down")
        await pilot.click(tree, offset=(12, 1))
        assert control_characters_of(tree) == set()
        assert app.is_running


def hostile_state(text: str) -> WorkbenchState:
    return reduce_all(
        EMPTY,
        history(
            RunStarted(question=text, agent=text, model=text),
            StepStarted(step=1),
            ActionChosen(step=1, next_node=text, thought=text, args={text: text}),
            ToolStarted(step=1, call_id=text, tool=text, args={text: text}),
            ToolFinished(step=1, call_id=text, tool=text, result=text, error=text),
        ),
    )


async def test_the_scrollbar_hides_no_figure() -> None:
    tree = Trajectory()
    async with Listening(tree).run_test(size=(40, 5)) as pilot:
        tree.show(SAMPLE.runs[:1])
        await until(pilot, lambda: tree.show_vertical_scrollbar, "the scrollbar")
        await pilot.pause()
        assert "ok · 12 ms" in text_of(tree)
