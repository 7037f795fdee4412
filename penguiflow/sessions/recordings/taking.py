"""Taking a run out of a history, so that it can be played again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from penguiflow.sessions.json_parts import Json, object_in
from penguiflow.sessions.projections.recorded_run import RecordedCall, RecordedRun, recorded_run
from penguiflow.sessions.recordings.errors import NotRecordableError
from penguiflow.sessions.recordings.recording import RecordedAnswer, RecordedToolCall, Recording
from penguiflow.state.events import (
    ConnectionChanged,
    ContentRef,
    JsonObject,
    MemoryRead,
    RunEvent,
    RunStarted,
)
from penguiflow.state.protocol import HistoryStore

_READY = "ready"


async def take_recording(store: HistoryStore, run_id: str) -> Recording:
    """Read a run that has ended.

    Raises:
        NotRecordableError: it is unknown, has not finished, or the history does not hold all of it.
        StoreError: the store cannot be read.
    """
    events = await store.load_run(run_id)
    if not events:
        raise NotRecordableError(f"no run has the id `{run_id}`")
    run = recorded_run(events)
    if run.end != "finished":
        raise NotRecordableError(
            f"run `{run_id}` is {run.end}; only a run that finished by itself can be replayed",
            hint="take another one; `penguiflow runs list` shows them",
        )
    reader = _Contents(store, run.session_id)
    return Recording(
        question=run.question,
        agent=run.agent,
        reason=run.reason,
        answer=run.answer,
        context=await _context(events, reader),
        memories=tuple(
            [
                object_in(await reader.json(event.body.content))
                for event in events
                if isinstance(event.body, MemoryRead)
            ]
        ),
        calls=tuple([await _tool_call(call, reader) for call in run.calls]),
        answers=_answers(run),
        offers=await _offers(await store.load_session(run.session_id), run_id, reader),
    )


class _Contents:
    """Reads the large texts of one session."""

    def __init__(self, store: HistoryStore, session_id: str) -> None:
        self._store = store
        self._session_id = session_id

    async def json(self, ref: ContentRef) -> Json:
        text = await self._store.load_content(self._session_id, ref.content_id)
        if text is None:
            raise NotRecordableError(
                f"the history of session `{self._session_id}` lacks a text of this run (`{ref.content_id}`)"
            )
        return json.loads(text) if ref.form == "json" else text


async def _context(events: Sequence[RunEvent], reader: _Contents) -> JsonObject | None:
    for event in events:
        if isinstance(event.body, RunStarted) and event.body.context is not None:
            return object_in(await reader.json(event.body.context))
    return None


async def _tool_call(call: RecordedCall, reader: _Contents) -> RecordedToolCall:
    result = call.result if call.result_content is None else await reader.json(call.result_content)
    return RecordedToolCall(tool=call.tool, args=call.args, result=result, error=call.error)


def _answers(run: RecordedRun) -> tuple[RecordedAnswer, ...]:
    return tuple(
        RecordedAnswer(
            decision=each.answered.decision,
            tool=each.asked.call.tool if each.asked.call else None,
            args=each.answered.args,
            text=each.answered.text,
        )
        for each in run.decisions
        if each.answered is not None
    )


async def _offers(
    events: Sequence[RunEvent], run_id: str, reader: _Contents
) -> dict[str, Sequence[JsonObject]]:
    """Return what the connections offered that were up when the run began."""
    up: dict[str, ContentRef | None] = {}
    for event in events:
        if event.run_id == run_id and isinstance(event.body, RunStarted):
            break
        if isinstance(event.body, ConnectionChanged):
            up.pop(event.body.name, None)
            if event.body.state == _READY:
                up[event.body.name] = event.body.tools
    offers: dict[str, Any] = {}
    for name, tools in up.items():
        if tools is None:
            raise NotRecordableError(f"the history does not hold what the connection `{name}` offered")
        offers[name] = await reader.json(tools)
    return offers
