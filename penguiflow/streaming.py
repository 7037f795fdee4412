"""Streamed chunks on their way out: followed through a flow, produced from a source, written for browsers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias, TypeVar

from pydantic_core import to_jsonable_python

from penguiflow._runtime.context import Owners
from penguiflow._runtime.flow import PenguiFlow
from penguiflow.errors import TraceCancelled
from penguiflow.types import Message, StreamChunk

__all__ = ["chunk_to_ws_json", "emit_stream_events", "format_sse_event", "stream_flow"]

Event = TypeVar("Event")

EventAdapter: TypeAlias = Callable[[Event], tuple[str, bool, Mapping[str, Any]]]
"""Reads the text of an event, whether it is the last one, and the `meta` of its chunk."""


class StreamingFlow(Protocol):
    """What `stream_flow` needs of a flow."""

    async def emit(self, msg: Any, to: Owners | None = None) -> None: ...  # any item can be emitted
    async def fetch(self) -> Any: ...  # whatever the last node returned


class ChunkSink(Protocol):
    """What `emit_stream_events` needs of a context, or of a flow."""

    async def emit_chunk(
        self,
        *,
        parent: Message,
        text: str,
        done: bool,
        meta: Mapping[str, Any],  # free-form by contract
        to: Owners | None,
    ) -> object: ...


async def stream_flow(
    flow: StreamingFlow,
    parent_msg: Message,
    *,
    to: Owners | None = None,
    timeout: float | None = None,
    include_final: bool = False,
) -> AsyncGenerator[Any, None]:  # payloads of whatever type
    """Emit `parent_msg` and yield the chunks of its trace, whatever else is in the flow.

    The iteration ends after the chunk that is `done`, or with the first payload that is no chunk, which
    is yielded too. With `include_final` it goes on after `done` until that payload. `timeout` bounds the
    wait for each item, in seconds. Leaving early ends neither the trace nor the flow; `flow.cancel` and
    `flow.stop` do.

    Raises:
        TimeoutError: the next item did not come in time.
        TraceCancelled: the trace was cancelled.
        FlowError: a node failed, and the errors of the flow do not go to the Rookery.
    """
    fetch = _fetch_of(flow, parent_msg.trace_id)
    await flow.emit(parent_msg, to=to)
    while True:
        async with asyncio.timeout(timeout):
            item = await fetch()
        payload: object = getattr(item, "payload", item)
        yield payload
        if not isinstance(payload, StreamChunk) or (payload.done and not include_final):
            return


async def emit_stream_events(
    source: AsyncIterable[Event],
    ctx: ChunkSink,
    parent_msg: Message,
    *,
    adapter: EventAdapter[Event] | None = None,
    to: Owners | None = None,
    final_meta: Mapping[str, Any] | None = None,  # free-form by contract
) -> None:
    """Emit one chunk per event of `source`, and an empty last one unless an event was the last.

    Without an adapter an event's text is `str(event)`. `final_meta` is the `meta` of the empty chunk.
    """
    read = adapter or _as_text
    finished = False
    async for event in source:
        text, done, meta = read(event)
        await ctx.emit_chunk(parent=parent_msg, text=text, done=done, meta=meta, to=to)
        finished = finished or done
    if not finished:
        await ctx.emit_chunk(parent=parent_msg, text="", done=True, meta=final_meta or {}, to=to)


def format_sse_event(
    chunk: StreamChunk, *, event_name: str | None = None, retry_ms: int | None = None
) -> str:
    """Return the chunk as one server-sent event; each line of its text is a `data` line of its own."""
    name = event_name or ("done" if chunk.done else "chunk")
    lines = [f"event: {' '.join(_sse_lines(name))}", f"id: {chunk.seq}"]
    lines.extend(f"data: {line}" for line in _sse_lines(chunk.text))
    if chunk.meta:
        lines.append(f"data: {_json(chunk.meta)}")
    if retry_ms is not None:
        lines.append(f"retry: {retry_ms}")
    return "\n".join(lines) + "\n\n"


def chunk_to_ws_json(
    chunk: StreamChunk,
    *,
    extra: Mapping[str, Any] | None = None,  # any JSON value
) -> str:
    """Return the chunk as a JSON object; `extra` wins over equal keys."""
    return _json({**dict(chunk), **(extra or {})})


def _fetch_of(flow: StreamingFlow, trace_id: str) -> Callable[[], Awaitable[Any]]:  # as `fetch` does
    if not isinstance(flow, PenguiFlow):
        return flow.fetch
    cancelled = flow.ensure_trace_event(trace_id)

    async def fetch() -> Any:  # whatever the last node returned
        if cancelled.is_set():  # while the reader was busy, so that no fetch could tell
            raise TraceCancelled(trace_id)
        return await flow.fetch(trace_id=trace_id)

    return fetch


def _as_text(event: object) -> tuple[str, bool, Mapping[str, Any]]:
    return str(event), False, {}


def _sse_lines(text: str) -> list[str]:
    # Exactly the line ends of server-sent events; `splitlines` knows more of them.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _json(value: Mapping[str, Any]) -> str:  # any value that pydantic can write
    return json.dumps(to_jsonable_python(value), ensure_ascii=False)
