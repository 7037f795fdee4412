"""A run taken out of a history is played again by the real agent, without its outside."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from penguiflow.llm.cassette import CassetteError
from penguiflow.planner.approvals import Approve, Decision, Edit, Reject, Respond
from penguiflow.sessions import AgentSession, PlannerAgent
from penguiflow.sessions.recordings import (
    NotRecordableError,
    RecordingError,
    RecordingMissError,
    Replayed,
    replay_async,
    take_recording,
    write_tape,
)
from penguiflow.sessions.recordings.recording import Recording
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes import errand_agent

AGENT = "tests.fakes.errand_agent:build_planner"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStateStore]:
    opened = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    yield opened
    await opened.aclose()


async def run_once(
    store: SqliteStateStore, folder: Path, *questions: str, decisions: Sequence[Decision] = ()
) -> str:
    """Ask the questions in one session and return the last run."""
    agent = PlannerAgent(errand_agent.build_planner(state_store=store, project_root=folder))
    session = await AgentSession.open(agent, store)
    result = [await session.ask(question) for question in questions][-1]
    for decision in decisions:
        assert result.request is not None
        result = await session.decide(result.request.request_id, decision)
    await session.aclose()
    return result.run_id


async def recorded(store: SqliteStateStore, folder: Path, run_id: str) -> Path:
    path = folder / "test_it.recording.json"
    path.write_text((await take_recording(store, run_id)).text())
    await write_tape(store, run_id, folder / "test_it.cassette.jsonl")
    errand_agent.RAN.clear()
    return path


async def played_again(path: Path) -> Replayed:
    try:
        return await replay_async(path, agent=AGENT, project_root=path.parent)
    finally:
        assert errand_agent.RAN == []  # no tool ran


@pytest.mark.parametrize(
    ("question", "decisions", "calls", "answer"),
    [
        ("price of tea", [], [("fetch_price", {"name": "tea"})], "Tea costs 4.5."),
        ("price of fish", [], [("fetch_price", {"name": "fish"})], "Fish costs 4.5."),
        ("price of gold", [], [("fetch_price", {"name": "gold"})], "There is no gold."),
        (
            "prices",
            [],
            [("fetch_price", {"name": "tea"}), ("fetch_price", {"name": "rice"})],
            "Both cost 4.5.",
        ),
        ("buy tea", [Approve()], [("pay", {"name": "tea", "amount": 4.5})], "Bought."),
        (
            "buy tea",
            [Edit({"name": "tea", "amount": 4.0})],
            [("pay", {"name": "tea", "amount": 4.0})],
            "Bought.",
        ),
        ("buy tea", [Reject("too dear")], [], "Bought."),
        ("what do I want", [Respond("tea")], [("ask_person", {"text": "Which one?"})], "Noted."),
    ],
)
async def test_a_replay_calls_the_same_tools_and_gives_the_same_answer(
    store: SqliteStateStore,
    tmp_path: Path,
    question: str,
    decisions: list[Decision],
    calls: list[tuple[str, dict[str, object]]],
    answer: str,
) -> None:
    run_id = await run_once(store, tmp_path, question, decisions=decisions)

    replayed = await played_again(await recorded(store, tmp_path, run_id))

    assert list(replayed.calls) == calls
    assert (replayed.answer, replayed.reason) == (answer, "answer_complete")


async def test_what_the_memory_showed_is_shown_again(store: SqliteStateStore, tmp_path: Path) -> None:
    run_id = await run_once(store, tmp_path, "price of tea", "buy tea", decisions=[Approve()])
    path = await recorded(store, tmp_path, run_id)

    assert "price of tea" in json.dumps(Recording.load(path).memories)
    assert (await played_again(path)).answer == "Bought."


async def test_a_changed_prompt_fails_and_shows_where(store: SqliteStateStore, tmp_path: Path) -> None:
    path = await recorded(store, tmp_path, await run_once(store, tmp_path, "price of tea"))
    (tmp_path / "extra.txt").write_text("Be short.")

    with pytest.raises(CassetteError, match=r"Be short\."):
        await played_again(path)


async def test_a_call_that_is_not_recorded_fails_and_names_both(
    store: SqliteStateStore, tmp_path: Path
) -> None:
    path = await recorded(store, tmp_path, await run_once(store, tmp_path, "price of tea"))
    path.write_text(
        path.read_text().replace('"name": "tea"\n   },\n   "error"', '"name": "rum"\n   },\n   "error"')
    )

    with pytest.raises(RecordingMissError, match=r"fetch_price.*tea.*recorded is fetch_price.*rum"):
        await played_again(path)


async def test_a_question_to_a_person_that_is_not_recorded_fails(
    store: SqliteStateStore, tmp_path: Path
) -> None:
    path = await recorded(store, tmp_path, await run_once(store, tmp_path, "buy tea", decisions=[Approve()]))
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "answers": []}))

    with pytest.raises(RecordingMissError, match="asks a person about `pay`"):
        await played_again(path)


async def test_a_run_that_waits_is_refused(store: SqliteStateStore, tmp_path: Path) -> None:
    with pytest.raises(NotRecordableError, match="is waiting"):
        await take_recording(store, await run_once(store, tmp_path, "buy tea"))


async def test_an_unknown_run_is_refused(store: SqliteStateStore) -> None:
    with pytest.raises(NotRecordableError, match="no run has the id `nothing`"):
        await take_recording(store, "nothing")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Invalid JSON"),
        ('{"question": 1}', "question"),
        ('{"question": "q", "v": 2}', "v"),
    ],
)
def test_a_damaged_recording_is_refused_with_the_place(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "test_it.recording.json"
    path.write_text(text)

    with pytest.raises(RecordingError, match=problem):
        Recording.load(path)


async def test_the_agents_own_memory_learns_nothing_from_a_replay(
    store: SqliteStateStore, tmp_path: Path
) -> None:
    path = await recorded(store, tmp_path, await run_once(store, tmp_path, "price of tea"))

    first, second = await played_again(path), await played_again(path)

    assert first.calls == second.calls
