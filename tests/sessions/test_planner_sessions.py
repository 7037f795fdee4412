"""A session over a real planner and a real history file: ask, wait, decide, also in another process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from penguiflow.planner.approvals import Approve, Decision, DecisionError, Edit, Reject, Respond
from penguiflow.sessions import PlannerAgent
from penguiflow.sessions.results import AlreadyDecidedError
from penguiflow.sessions.session import AgentSession
from penguiflow.state.events import ModelCalled, PersonAnswered, RunFinished, StepStarted, TextStreamed
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.note_agent import note_planner

ROOT = Path(__file__).parents[2]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    return tmp_path / "notes.txt"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / ".penguiflow" / "history.sqlite3"


class Process:
    """What one process holds: a store, a planner and a session, opened and closed together."""

    def __init__(self, history: Path, notes: Path) -> None:
        self.history = history
        self.notes = notes

    async def open(self, session_id: str | None = None) -> AgentSession:
        self.store = await SqliteStateStore.open(self.history)
        agent = PlannerAgent(note_planner(self.notes, self.store))
        self.session = await AgentSession.open(agent, self.store, session_id=session_id)
        return self.session

    async def end(self) -> None:
        await self.session.aclose()
        await self.store.aclose()


@pytest.fixture
async def processes(history: Path, notes: Path) -> AsyncIterator[tuple[Process, Process]]:
    pair = (Process(history, notes), Process(history, notes))
    yield pair
    for each in pair:
        if hasattr(each, "session"):
            await each.end()
    assert asyncio.all_tasks() == {asyncio.current_task()}


def lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []


DECISIONS = [
    (Approve(), ["buy tea"], "It is saved."),
    (Edit({"text": "buy milk"}), ["buy milk"], "It is saved."),
    (Reject("too late"), [], "I did not save it: too late"),
]


@pytest.mark.parametrize(("decision", "saved", "answer"), DECISIONS)
async def test_a_decision_in_the_same_process_is_carried_out_once(
    processes: tuple[Process, Process], notes: Path, decision: Decision, saved: list[str], answer: str
) -> None:
    session = await processes[0].open()
    paused = await session.ask("save a note")
    assert paused.request is not None
    assert paused.request.call is not None
    assert paused.request.call.args == {"text": "buy tea"}
    assert lines(notes) == []

    result = await session.decide(paused.request.request_id, decision)

    assert (result.outcome, result.answer, lines(notes)) == ("answered", answer, saved)
    with pytest.raises(AlreadyDecidedError):
        await session.decide(paused.request.request_id, decision)
    assert lines(notes) == saved


@pytest.mark.parametrize(("decision", "saved", "answer"), DECISIONS)
async def test_a_decision_after_a_restart_is_carried_out_once(
    processes: tuple[Process, Process], notes: Path, decision: Decision, saved: list[str], answer: str
) -> None:
    before, after = processes
    session = await before.open()
    paused = await session.ask("save a note")
    await before.end()
    del before.session

    again = await after.open(session.session_id)
    (request,) = again.pending
    assert request == paused.request
    result = await again.decide(request.request_id, decision)
    await again.flush()

    assert (result.outcome, result.answer, lines(notes)) == ("answered", answer, saved)
    assert result.steps == 2
    stored = await after.store.load_run(result.run_id)
    assert [event.seq for event in stored] == list(range(len(stored)))
    bodies = [event.body for event in stored]
    assert [body.step for body in bodies if isinstance(body, StepStarted)] == [1, 2]
    assert [body.llm_calls for body in bodies if isinstance(body, RunFinished)] == [2]
    assert len([body for body in bodies if isinstance(body, ModelCalled)]) == 2
    (summary,) = await after.store.list_sessions()
    assert (summary.title, summary.state, summary.last_line) == ("save a note", "idle", answer)


async def test_two_processes_that_approve_at_once_run_the_call_once(
    processes: tuple[Process, Process], notes: Path
) -> None:
    one, two = processes
    first = await one.open()
    paused = await first.ask("save a note")
    assert paused.request is not None
    second = await two.open(first.session_id)
    token = paused.request.request_id

    outcomes = await asyncio.gather(
        first.decide(token, Approve()), second.decide(token, Approve()), return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyDecidedError", "RunResult"]
    assert lines(notes) == ["buy tea"]
    assert (first.pending, second.pending) == ((), ())


async def test_an_edit_that_does_not_fit_is_refused_and_may_be_made_again(
    processes: tuple[Process, Process], notes: Path
) -> None:
    session = await processes[0].open()
    await session.ask("save a note")
    (request,) = session.pending

    (problem,) = await session.check_edit(request.request_id, {"text": ""})
    assert "text" in problem
    with pytest.raises(DecisionError):
        await session.decide(request.request_id, Edit({"text": ""}))
    with pytest.raises(DecisionError, match="not the one that was shown"):
        await session.decide(request.request_id, Approve("0" * 64))
    assert (session.activity, lines(notes)) == ("waiting", [])

    assert (await session.decide(request.request_id, Respond("lines: 1, I did it"))).outcome == "answered"
    assert lines(notes) == []


async def test_what_the_model_writes_is_streamed(processes: tuple[Process, Process]) -> None:
    session = await processes[0].open()
    await session.ask("save a note")
    await session.decide(session.pending[0].request_id, Approve())

    events, _ = session.events_since(0)
    streamed = [event.body for event in events if isinstance(event.body, TextStreamed)]
    assert "".join(piece.text for piece in streamed if piece.channel == "answer") == "It is saved."
    assert "".join(piece.text for piece in streamed if piece.channel == "thinking" and piece.step == 1) == (
        "I save it"
    )
    kinds = [event.body.kind for event in events if event.body.kind != "text_streamed"]
    assert kinds == [
        "run_started",
        "step_started",
        "model_called",
        "action_chosen",
        "person_asked",
        "person_answered",
        "tool_started",
        "tool_finished",
        "step_started",
        "model_called",
        "action_chosen",
        "run_finished",
    ]


async def test_a_run_given_up_cannot_be_resumed(processes: tuple[Process, Process], notes: Path) -> None:
    one, two = processes
    session = await one.open()
    await session.ask("save a note")
    (request,) = session.pending

    assert await session.interrupt() is True
    await session.flush()

    later = await two.open(session.session_id)
    assert later.pending == ()
    with pytest.raises(AlreadyDecidedError):
        await later.decide(request.request_id, Approve())
    assert await two.store.load_planner_state(request.request_id) is None
    assert lines(notes) == []


_ASK_AND_HANG = """
import asyncio, sys
from pathlib import Path
from penguiflow.sessions import PlannerAgent
from penguiflow.sessions.session import AgentSession
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.note_agent import note_planner

async def main(history, notes):
    store = await SqliteStateStore.open(history)
    agent = PlannerAgent(note_planner(Path(notes), store))
    session = await AgentSession.open(agent, store)
    result = await session.ask("save a note")
    print(session.session_id, result.outcome, flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.process
async def test_a_killed_process_loses_no_question_and_repeats_nothing(
    processes: tuple[Process, Process], history: Path, notes: Path
) -> None:
    victim = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _ASK_AND_HANG,
        str(history),
        str(notes),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert victim.stdout is not None
    said = (await asyncio.wait_for(victim.stdout.readline(), 20)).decode().split()
    os.kill(victim.pid, signal.SIGKILL)
    await asyncio.wait_for(victim.communicate(), 5)
    assert said[1:] == ["paused"]

    session = await processes[0].open(said[0])
    (request,) = session.pending
    result = await session.decide(request.request_id, Approve())

    assert (result.answer, lines(notes)) == ("It is saved.", ["buy tea"])
    events, _ = session.events_since(0)
    assert [event.body.decision for event in events if isinstance(event.body, PersonAnswered)] == ["approve"]
    second = await processes[1].open(said[0])
    with pytest.raises(AlreadyDecidedError):
        await second.decide(request.request_id, Approve())
    assert lines(notes) == ["buy tea"]
