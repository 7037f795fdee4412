"""The demo agent with its real planner, its local tools and, where it says so, its real notes server."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from penguiflow.planner import PlannerFinish, PlannerPause, ReactPlanner
from penguiflow.planner.approvals import Approve, Edit, Reject, Respond
from penguiflow.planner.events import PlannerEvent, observe_runs
from penguiflow.state import InMemoryStateStore
from penguiflow.tools import ToolNode
from penguiflow_tui.demo.agent import build_planner


async def finished(planner: ReactPlanner, question: str) -> PlannerFinish:
    result = await planner.run(question)
    assert isinstance(result, PlannerFinish)
    return result


def answer_of(result: PlannerFinish | PlannerPause) -> str:
    assert isinstance(result, PlannerFinish)
    assert result.reason == "answer_complete"
    return str(result.payload["raw_answer"])


def tools_called(result: PlannerFinish) -> list[str]:
    steps: list[dict[str, Any]] = result.metadata["steps"]
    return [step["action"]["next_node"] for step in steps]


def stored_notes(folder: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(folder / ".penguiflow" / "demo-notes.sqlite3")) as connection:
        return [row[0] for row in connection.execute("SELECT text FROM notes ORDER BY id")]


@pytest.fixture
def offline(tmp_path: Path) -> ReactPlanner:
    """The agent while the notes server is not connected."""
    return build_planner(project_root=tmp_path, state_store=InMemoryStateStore())


@pytest.fixture
async def agent(offline: ReactPlanner) -> AsyncIterator[ReactPlanner]:
    """The agent with its notes server."""
    (notes,) = offline.tool_sources
    assert isinstance(notes, ToolNode)
    await notes.connect()
    yield offline
    await notes.close()


@pytest.mark.parametrize(
    ("question", "tools", "words"),
    [
        ("hello", [], ["Hello", "`calculate`"]),
        ("what can you do?", [], ["`calculate`", "`current_time`", "`count_words`", "--model"]),
        ("what is 12 * (3 + 4)?", ["calculate"], ["12 * (3 + 4) = 84"]),
        ("what time is it in UTC?", ["current_time"], ["In UTC it is"]),
        ("what time is it in Tokyo?", ["current_time"], ["Asia/Tokyo"]),
        ("how many words are in 'the quick brown fox'?", ["count_words"], ["4 words", "19 characters"]),
        ("calculate 1/0", ["calculate"], ["failed", "divides by zero"]),
        ("what time is it in Nowhereville?", ["current_time"], ["`Nowhereville` is no time zone"]),
        ("what is 2+2 and what is 3*3?", ["calculate", "calculate"], ["2+2 = 4", "3*3 = 9"]),
        ("rehearse slow for 0 seconds", ["rehearse"], ["20 steps"]),
        ("rehearse blocking 0 s", ["rehearse"], ["stood still"]),
        ("rehearse an error", ["rehearse"], ["failed", "rehearsed"]),
        ("rehearse big 2 MB", ["rehearse"], ["too long for me to read", "kept as an artifact"]),
        ("tell me a joke", [], ["did not understand", "--model"]),
        ("save it as a note", [], ["no result yet"]),
        ("save a note: buy fish", [], ["`save_note`", "not offered", "connections"]),
        ("calculate 6*7 and save the result as a note", ["calculate"], ["6*7 = 42", "not offered"]),
    ],
)
async def test_a_question_leads_to_its_tools_and_their_results(
    offline: ReactPlanner, question: str, tools: list[str], words: list[str]
) -> None:
    result = await finished(offline, question)
    assert tools_called(result) == tools
    assert [word for word in words if word not in answer_of(result)] == []


async def test_every_action_has_a_thought_and_is_streamed(offline: ReactPlanner) -> None:
    events: list[PlannerEvent] = []
    with observe_runs(events.append):
        result = await finished(offline, "calculate 123456789 * 987654321")
    chosen = [event for event in events if event.event_type == "action"]
    assert [event.extra["next_node"] for event in chosen] == ["calculate", "final_response"]
    assert all(event.thought for event in chosen)
    pieces = [
        str(event.extra["text"])
        for event in events
        if event.event_type == "llm_stream_chunk"
        and event.extra["channel"] == "answer"
        and event.extra["text"]
    ]
    assert len(pieces) > 1
    assert "".join(pieces) == answer_of(result)


async def test_the_offline_model_costs_nothing_and_says_its_name(offline: ReactPlanner) -> None:
    result = await finished(offline, "hello")
    assert result.metadata["cost"]["total_cost_usd"] == 0.0
    assert result.metadata["cost"]["cost_known"] is True
    assert offline.model_name == "demo-offline"


def test_a_model_name_gives_the_same_agent_a_real_model(tmp_path: Path) -> None:
    assert build_planner(model="openai/gpt-4o-mini", project_root=tmp_path).model_name == "openai/gpt-4o-mini"


async def test_the_slow_tool_streams_its_progress(offline: ReactPlanner) -> None:
    result = await finished(offline, "rehearse slow for 0 seconds")
    chunks = result.metadata["steps"][0]["streams"]["progress"]
    assert [chunk["seq"] for chunk in chunks] == list(range(21))
    assert chunks[0]["text"] == "step 1 of 20\n"
    assert chunks[-1]["done"] is True


@pytest.mark.process
async def test_a_note_waits_for_approval_and_is_answered_from_the_tool(
    agent: ReactPlanner, tmp_path: Path
) -> None:
    asked = await agent.run("save a note: buy fish")
    assert isinstance(asked, PlannerPause)
    assert asked.reason == "approval_required"
    assert asked.payload["tool"] == "notes.save_note"
    assert asked.payload["args"]["text"] == "buy fish"
    assert asked.payload["thought"]
    assert not (tmp_path / ".penguiflow" / "demo-notes.sqlite3").exists()

    saved = await agent.resume(asked.resume_token, Approve())
    assert "Saved as note 1: “buy fish”" in answer_of(saved)
    assert stored_notes(tmp_path) == ["buy fish"]

    listed = await finished(agent, "what notes did I save?")
    assert tools_called(listed) == ["notes.list_notes"]
    assert "1 note" in answer_of(listed)
    assert "buy fish" in answer_of(listed)
    assert "buy fish" in answer_of(await finished(agent, "search my notes for FISH"))
    assert "No note contains “rent”" in answer_of(await finished(agent, "search my notes for rent"))


@pytest.mark.process
async def test_an_edited_note_is_reported_as_it_was_stored(agent: ReactPlanner, tmp_path: Path) -> None:
    asked = await agent.run("save a note: buy fish")
    assert isinstance(asked, PlannerPause)
    answer = answer_of(await agent.resume(asked.resume_token, Edit({"text": "buy krill"})))
    assert "“buy krill”" in answer
    assert "changed" in answer
    assert "fish" not in answer
    assert stored_notes(tmp_path) == ["buy krill"]


@pytest.mark.process
async def test_a_rejection_is_respected_and_its_reason_repeated(agent: ReactPlanner, tmp_path: Path) -> None:
    asked = await agent.run("save a note: buy fish")
    assert isinstance(asked, PlannerPause)
    result = await agent.resume(asked.resume_token, Reject("we have enough fish"))
    assert "we have enough fish" in answer_of(result)
    assert "Nothing was stored" in answer_of(result)
    assert not (tmp_path / ".penguiflow" / "demo-notes.sqlite3").exists()


@pytest.mark.process
async def test_a_response_in_the_place_of_the_tool_is_not_called_saved(agent: ReactPlanner) -> None:
    asked = await agent.run("save a note: buy fish")
    assert isinstance(asked, PlannerPause)
    answer = answer_of(await agent.resume(asked.resume_token, Respond("I know that already")))
    assert "I know that already" in answer
    assert "Saved" not in answer


@pytest.mark.process
async def test_a_result_is_saved_as_a_note(agent: ReactPlanner, tmp_path: Path) -> None:
    asked = await agent.run("calculate 6*7 and save the result as a note")
    assert isinstance(asked, PlannerPause)
    answer = answer_of(await agent.resume(asked.resume_token, Approve()))
    assert "6*7 = 42" in answer
    assert stored_notes(tmp_path) == ["6*7 = 42"]


@pytest.mark.process
async def test_without_notes_it_says_so_and_help_lists_all_tools(agent: ReactPlanner) -> None:
    assert "no notes yet" in answer_of(await finished(agent, "list my notes"))
    said = answer_of(await finished(agent, "what can you do?"))
    assert all(f"`notes.{name}`" in said for name in ("save_note", "list_notes", "search_notes"))
