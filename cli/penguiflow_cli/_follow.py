"""Follows a run while it works: pulls the new events of the session and shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Protocol

from penguiflow.sessions.results import RunResult
from penguiflow.state.events import RunEvent
from penguiflow_cli._errors import OutputClosed

_FRAME_S = 1 / 30


class RunView(Protocol):
    """Shows a run, event by event and then as a whole. Both may raise `OutputClosed`."""

    def show(self, events: Sequence[RunEvent]) -> None: ...

    def end(self, result: RunResult | None) -> None:
        """Show how the run ended; `None` when it was not awaited to its end."""
        ...


class EventSource(Protocol):
    """The part of a session that is followed."""

    def events_since(self, cursor: int) -> tuple[Sequence[RunEvent], int]: ...


async def follow(
    source: EventSource,
    work: Coroutine[Any, Any, RunResult],  # what it yields and is sent only the event loop knows
    view: RunView,
    *,
    cursor: int = 0,
) -> RunResult:
    """Await `work` and show the events it causes, from `cursor` on.

    Cancelling, and a view that can no longer show, cancel the work and await its end.
    """
    run = asyncio.create_task(work)
    try:
        while not run.done():
            await asyncio.wait({run}, timeout=_FRAME_S)
            events, cursor = source.events_since(cursor)
            view.show(events)
        result = run.result()
    except BaseException:
        run.cancel()
        await asyncio.wait({run})
        with suppress(OutputClosed):
            view.show(source.events_since(cursor)[0])
            view.end(None)
        raise
    view.end(result)
    return result
