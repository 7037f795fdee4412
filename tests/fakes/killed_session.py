"""A process that works in one stored session until it is killed, and tells on stdout how far it got.

    python -m tests.fakes.killed_session HISTORY NOTES SESSION SEED

Each line is a JSON object: `{"event": RECORD}` for an event as soon as it is shown, and `{"stored": COUNT}`
when everything told so far has to be in the store, except what is in no store at all.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from penguiflow.catalog import tool
from penguiflow.llm.protocol import ChatMessage
from penguiflow.llm.scripted import FunctionLLM
from penguiflow.planner.approvals import Approve, Reject
from penguiflow.planner.react import ReactPlanner
from penguiflow.sessions import AlreadyDecidedError, PlannerAgent
from penguiflow.sessions.session import AgentSession
from penguiflow.state.events import to_record
from penguiflow.state.sqlite import SqliteStateStore


class Shelf(BaseModel):
    number: int


class Book(BaseModel):
    text: str


class Note(BaseModel):
    text: str


class Saved(BaseModel):
    lines: int


def note_agent(notes: Path, store: SqliteStateStore) -> PlannerAgent:
    """An agent that reads a long text, saves the note it was asked for if a person approves, and answers."""

    @tool(desc="Read a book", side_effects="read")
    async def read_book(args: Shelf, ctx: object) -> Book:
        return Book(text=f"page {args.number} " * 1_500)

    @tool(desc="Append a note to the file", side_effects="write", requires_approval=True)
    async def save_note(args: Note, ctx: object) -> Saved:
        with notes.open("a", encoding="utf-8") as file:
            file.write(args.text + "\n")
        return Saved(lines=1)

    planner = ReactPlanner(catalog=[read_book, save_note], llm_client=FunctionLLM(_decide), state_store=store)
    return PlannerAgent(planner, name="notes")


def _decide(messages: Sequence[ChatMessage]) -> Mapping[str, Any]:
    asked = re.search(r"save note ([\w.-]+)", " ".join(str(message["content"]) for message in messages))
    said = sum(message["role"] == "assistant" for message in messages)
    if asked is None or said > 1:
        return {"thought": "done", "next_node": "final_response", "args": {"answer": "It is done. " * 20}}
    if said == 0:
        return {"thought": "I look it up " * 5, "next_node": "read_book", "args": {"number": 7}}
    return {"thought": "I save it", "next_node": "save_note", "args": {"text": asked[1]}}


class Teller:
    """Tells what a session shows. Output goes past every buffer: what is told is out when a kill comes."""

    def __init__(self, session: AgentSession) -> None:
        self._session = session
        _, self._cursor = session.events_since(0)  # what was there before is told by nobody here
        self._told = 0

    async def run(self) -> None:
        while True:
            self.tell()
            await asyncio.sleep(0)

    def tell(self) -> None:
        events, self._cursor = self._session.events_since(self._cursor)
        for event in events:
            self._told += 1
            _write({"event": to_record(event)})

    def tell_stored(self) -> None:
        self.tell()
        _write({"stored": self._told})


def _write(line: Mapping[str, object]) -> None:
    os.write(1, json.dumps(line).encode() + b"\n")


async def work(history: str, notes: str, session_id: str, seed: str) -> None:
    """Ask and answer until the end of the process; several questions may wait for a person."""
    dice = random.Random(seed)
    store = await SqliteStateStore.open(history)
    session = await AgentSession.open(note_agent(Path(notes), store), store, session_id=session_id)
    teller = Teller(session)
    async with asyncio.TaskGroup() as group:
        group.create_task(teller.run())
        for number in range(500):
            if session.pending and dice.random() < 0.6:
                waiting = dice.choice(session.pending)
                decision = Approve() if dice.random() < 0.7 else Reject("not now")
                try:
                    await session.decide(waiting.request_id, decision)
                except AlreadyDecidedError:  # by a process that was killed before it could tell
                    continue
            else:
                await session.ask(f"save note {seed}.{number}")
            teller.tell_stored()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
