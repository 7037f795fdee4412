"""History files of projects, written and read by a test that has no event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from penguiflow.state.contents import Content
from penguiflow.state.events import RunEvent
from penguiflow.state.sqlite import SqliteStateStore

_ResultT = TypeVar("_ResultT")


def in_history(project: Path, work: Callable[[SqliteStateStore], Awaitable[_ResultT]]) -> _ResultT:
    """Do something with the history of a project, which is created if need be."""

    async def doing() -> _ResultT:
        store = await SqliteStateStore.open(project / ".penguiflow" / "history.sqlite3")
        try:
            return await work(store)
        finally:
            await store.aclose()

    return asyncio.run(doing())


def keep(project: Path, events: Sequence[RunEvent], contents: Sequence[Content] = ()) -> None:
    """Append events to the history of a project."""
    in_history(project, lambda store: store.append_events(events, contents))
