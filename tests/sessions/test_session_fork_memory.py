"""What a real planner remembers in a fork."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from penguiflow.catalog import build_catalog
from penguiflow.llm import ChatMessage, FunctionLLM
from penguiflow.planner import ReactPlanner
from penguiflow.planner.memory import MemoryBudget, MemoryKey, ShortTermMemoryConfig
from penguiflow.sessions import AgentSession, PlannerAgent
from penguiflow.sessions.shelf.fork_memory import key_for_session, memory_of, turns_of
from penguiflow.sessions.shelf.forking import fork_session
from penguiflow.state.events import ActionChosen, RunFailed, ToolFinished
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.history import answered, asked, run_of

TRUNCATION = ShortTermMemoryConfig(strategy="truncation", budget=MemoryBudget(full_zone_turns=3))
ROLLING = ShortTermMemoryConfig(strategy="rolling_summary", budget=MemoryBudget(full_zone_turns=1))


class Listening:
    """A model that answers in order and keeps the prompt it was given last; summaries are short."""

    def __init__(self) -> None:
        self.prompt = ""
        self.client = FunctionLLM(self._reply)

    def _reply(self, messages: Sequence[ChatMessage]) -> Mapping[str, Any]:
        prompt = "\n".join(str(message["content"]) for message in messages)
        if "next_node" not in prompt:
            return {"summary": "It was about numbers."}
        self.prompt = prompt
        return {"next_node": "final_response", "args": {"answer": "Noted."}}


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStateStore]:
    opened = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    yield opened
    await opened.aclose()


async def ask(
    store: SqliteStateStore,
    session_id: str | None,
    *questions: str,
    memory: ShortTermMemoryConfig | None = TRUNCATION,
    keeps: bool = True,
    tool_context: Mapping[str, Any] | None = None,
) -> tuple[str, str, list[str]]:
    """Ask as a process of its own; return the session, the last prompt and the ids of the runs."""
    model = Listening()
    planner = ReactPlanner(
        llm_client=model.client,
        catalog=build_catalog([]),
        state_store=store if keeps else None,
        short_term_memory=memory,
    )
    session = await AgentSession.open(PlannerAgent(planner), store, session_id=session_id)
    runs = [(await session.ask(question, tool_context=tool_context)).run_id for question in questions]
    await session.aclose()
    return session.session_id, model.prompt, runs


async def test_a_fork_remembers_what_was_said_before_it(store: SqliteStateStore) -> None:
    parent, _, _ = await ask(store, None, "I like one", "I like two")

    fork = await fork_session(store, parent)
    _, prompt, _ = await ask(store, fork.session_id, "What do I like?")

    assert fork.remembers
    assert "I like one" in prompt
    assert "I like two" in prompt


async def test_a_fork_at_an_earlier_run_does_not_remember_what_came_later(store: SqliteStateStore) -> None:
    parent, _, runs = await ask(store, None, "I like one", "I like two", "I like three")

    fork = await fork_session(store, parent, at_run=runs[1])
    _, prompt, _ = await ask(store, fork.session_id, "What do I like?")

    assert fork.remembers
    assert "I like one" in prompt
    assert "I like two" in prompt
    assert "three" not in prompt


async def test_parent_and_fork_remember_apart_from_then_on(store: SqliteStateStore) -> None:
    parent, _, _ = await ask(store, None, "I like one")
    fork = await fork_session(store, parent)

    await ask(store, fork.session_id, "I like the fork")
    _, of_parent, _ = await ask(store, parent, "What do I like?")
    _, of_fork, _ = await ask(store, fork.session_id, "What do I like?")

    assert "I like the fork" not in of_parent
    assert "I like the fork" in of_fork
    assert "I like one" in of_fork


async def test_a_fork_of_a_fork_at_a_run_of_the_first_parent_remembers_that(store: SqliteStateStore) -> None:
    parent, _, runs = await ask(store, None, "I like one", "I like two")
    child = (await fork_session(store, parent)).session_id
    await ask(store, child, "I like three")

    grandchild = await fork_session(store, child)
    earlier = await fork_session(store, child, at_run=runs[0])
    _, of_grandchild, _ = await ask(store, grandchild.session_id, "What do I like?")
    _, of_earlier, _ = await ask(store, earlier.session_id, "What do I like?")

    assert all(f"I like {number}" in of_grandchild for number in ("one", "two", "three"))
    assert "I like one" in of_earlier
    assert "I like two" not in of_earlier


async def test_a_summary_goes_with_the_fork_and_an_earlier_fork_has_the_turns_themselves(
    store: SqliteStateStore,
) -> None:
    questions = ("I like one", "I like two", "I like three", "I like four")
    parent, _, runs = await ask(store, None, *questions, memory=ROLLING)

    whole = await fork_session(store, parent)
    earlier = await fork_session(store, parent, at_run=runs[1])
    _, of_whole, _ = await ask(store, whole.session_id, "What do I like?", memory=ROLLING)
    _, of_earlier, _ = await ask(store, earlier.session_id, "What do I like?", memory=ROLLING)

    assert "It was about numbers." in of_whole
    assert "I like four" in of_whole
    assert "It was about numbers." not in of_earlier
    assert "I like one" in of_earlier
    assert "I like two" in of_earlier
    assert "I like three" not in of_earlier


async def test_the_key_of_a_tenant_stays_the_tenants(store: SqliteStateStore) -> None:
    ann = {"tenant_id": "acme", "user_id": "ann:1"}
    parent, _, _ = await ask(store, None, "I like one", tool_context=ann)

    fork = await fork_session(store, parent)
    _, of_ann, _ = await ask(store, fork.session_id, "What do I like?", tool_context=ann)
    _, of_nobody, _ = await ask(store, fork.session_id, "What do I like?")

    assert "I like one" in of_ann
    assert "I like one" not in of_nobody


@pytest.mark.parametrize(("memory", "keeps"), [(None, True), (TRUNCATION, False)])
async def test_an_agent_whose_memory_is_not_in_the_store_begins_anew_and_this_is_told(
    store: SqliteStateStore, memory: ShortTermMemoryConfig | None, keeps: bool
) -> None:
    parent, _, _ = await ask(store, None, "I like one", memory=memory, keeps=keeps)

    fork = await fork_session(store, parent)
    _, prompt, _ = await ask(store, fork.session_id, "What do I like?", memory=memory, keeps=keeps)

    assert not fork.remembers
    assert "I like one" not in prompt


KEYS = [
    ("default:anonymous:s1", "s1", "s2", "default:anonymous:s2"),
    (MemoryKey("a:b", "u", "s:1").composite(), "s:1", "s:2", MemoryKey("a:b", "u", "s:2").composite()),
    (MemoryKey("a", "u\\", "s").composite(), "s", "t", MemoryKey("a", "u\\", "t").composite()),
    (MemoryKey("a", "u", "x:s").composite(), "s", "t", None),
    ("default:anonymous:other", "s1", "s2", None),
    ("default:anonymous:xs1", "s1", "s2", None),
    ("s1", "s1", "s2", None),
    ("", "s1", "s2", None),
]


@pytest.mark.parametrize(("key", "session_id", "new_id", "expected"), KEYS)
def test_a_key_changes_only_the_session_it_ends_with(
    key: str, session_id: str, new_id: str, expected: str | None
) -> None:
    assert key_for_session(key, session_id, new_id) == expected


def test_a_turn_is_a_run_that_finished_with_what_its_tools_gave_in_short() -> None:
    found = ToolFinished(step=1, call_id="c", tool="search", result={"rows": ["x" * 1_000]})
    failed = ToolFinished(step=1, call_id="d", tool="save", error="no")
    runs = [
        *run_of(
            asked("One?"),
            ActionChosen(step=1, next_node="search", thought="I look"),
            found,
            failed,
            answered("1"),
        ),
        *run_of(asked("Two?"), RunFailed(code="x", message="no"), run_id="run-2"),
        *run_of(asked("Three?"), run_id="run-3"),
    ]

    (turn,) = turns_of(runs)

    assert (turn.user_message, turn.assistant_response) == ("One?", "1")
    assert turn.trajectory_digest is not None
    assert turn.trajectory_digest.tools_invoked == ["search"]
    assert turn.trajectory_digest.observations_summary.startswith('- search: {"rows": ["xxx')
    assert len(turn.trajectory_digest.observations_summary) < 450
    assert turn.trajectory_digest.reasoning_summary == "I look"


@pytest.mark.parametrize(
    "state", [{}, {"config_snapshot": {"budget": {"full_zone_turns": -1}}}, {"config_snapshot": 5}]
)
async def test_a_memory_of_another_kind_cannot_be_made_anew(state: Mapping[str, Any]) -> None:
    assert await memory_of(run_of(asked(), answered()), like=state) is None
