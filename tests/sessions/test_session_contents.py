"""Prompts and large results: refs in the events, the whole texts beside the history."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow import ReactPlanner
from penguiflow.catalog import build_catalog, tool
from penguiflow.llm import ChatMessage, FunctionLLM
from penguiflow.planner import ToolContext
from penguiflow.sessions import AgentSession, PlannerAgent
from penguiflow.sessions.contents import MAX_INLINE_CHARS, PREVIEW_CHARS
from penguiflow.state.events import ModelCalled, ToolFinished
from penguiflow.state.sqlite import SqliteStateStore

SECRET = "sk-" + "a1b2c3d4" * 5


class Wish(BaseModel):
    chars: int


class Page(BaseModel):
    text: str


@tool(desc="Fetch a page")
async def fetch_page(args: Wish, ctx: ToolContext) -> Page:
    return Page(text=f"{SECRET} " + "word " * (args.chars // 5))


def model_that_fetches(chars: int) -> FunctionLLM:
    def reply(messages: Sequence[ChatMessage]) -> dict[str, Any]:
        if len(messages) <= 2:
            return {"next_node": "fetch_page", "args": {"chars": chars}}
        return {"next_node": "final_response", "args": {"answer": "Read."}}

    return FunctionLLM(reply)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStateStore]:
    opened = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    yield opened
    await opened.aclose()


async def asked(store: SqliteStateStore, *, chars: int) -> AgentSession:
    planner = ReactPlanner(llm_client=model_that_fetches(chars), catalog=build_catalog([fetch_page]))
    session = await AgentSession.open(PlannerAgent(planner), store)
    assert (await session.ask("Read the page")).outcome == "answered"
    return session


def of_kind(session: AgentSession, kind: type[Any]) -> list[Any]:
    return [event.body for event in session.events_since(0)[0] if isinstance(event.body, kind)]


async def test_every_model_call_tells_its_whole_prompt_and_its_reply(store: SqliteStateStore) -> None:
    session = await asked(store, chars=10)

    first, second = of_kind(session, ModelCalled)
    assert [message.role for message in first.messages] == ["system", "user"]
    assert [message.role for message in second.messages][:2] == ["system", "user"]
    assert second.messages[:2] == first.messages  # said once, kept once
    assert json.loads(second.reply) == {"next_node": "final_response", "args": {"answer": "Read."}}
    prompt = [await session.load_content(message.content_id) for message in first.messages]
    assert "fetch_page" in (prompt[0] or "")
    assert "Read the page" in (prompt[1] or "")
    await session.aclose()


async def test_a_large_result_is_previewed_in_its_event_and_kept_whole(store: SqliteStateStore) -> None:
    session = await asked(store, chars=MAX_INLINE_CHARS * 3)

    (finished,) = of_kind(session, ToolFinished)
    shown = json.dumps(finished.result)
    assert len(shown) < PREVIEW_CHARS * 2
    assert "more characters" in shown
    whole = json.loads(await session.load_content(finished.content.content_id) or "")
    assert whole["text"].count("word") == MAX_INLINE_CHARS * 3 // 5
    assert finished.content.form == "json"
    assert finished.content.chars > MAX_INLINE_CHARS * 3
    await session.aclose()


async def test_a_small_result_stands_in_its_event_alone(store: SqliteStateStore) -> None:
    session = await asked(store, chars=10)

    (finished,) = of_kind(session, ToolFinished)
    assert finished.content is None
    assert finished.result["text"].endswith("word word ")
    await session.aclose()


async def test_no_secret_of_a_prompt_or_a_result_is_stored(store: SqliteStateStore) -> None:
    session = await asked(store, chars=MAX_INLINE_CHARS * 3)
    await session.aclose()
    await store.aclose()

    stored = b"".join(file.read_bytes() for file in store.path.parent.iterdir())
    assert b"a1b2c3d4" not in stored
    assert b"[redacted]" in stored


async def test_whoever_listens_to_a_planner_does_not_get_prompts_in_its_log(store: SqliteStateStore) -> None:
    payloads: list[dict[str, Any]] = []
    planner = ReactPlanner(
        llm_client=model_that_fetches(10),
        catalog=build_catalog([fetch_page]),
        event_callback=lambda event: payloads.append(event.to_payload()),
    )
    await planner.run("Read the page")

    calls = [payload for payload in payloads if payload["event"] == "llm_call"]
    assert len(calls) == 2
    assert not any("exchange" in payload or "messages" in payload for payload in calls)


async def test_content_that_was_never_kept_is_none(store: SqliteStateStore) -> None:
    session = await asked(store, chars=10)
    assert await session.load_content("history_unknown") is None
    await session.aclose()
