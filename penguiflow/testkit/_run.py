"""One message through a flow, with a clear word about a result that does not come."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from penguiflow.core import PenguiFlow
from penguiflow.metrics import FlowEvent
from penguiflow.registry import ModelRegistry
from penguiflow.testkit._recordings import recordings
from penguiflow.types import Message

_MAX_EVENTS_TOLD = 20


async def run_one(
    flow: PenguiFlow, message: Message, *, registry: ModelRegistry | None = None, timeout_s: float = 1.0
) -> Any:  # whatever the flow gives: a Message, a bare value or a FlowError
    """Run the flow for one message and return its first result as it is; the flow is always stopped.

    Raises:
        TypeError: `message` is no `Message`.
        TimeoutError: no result came within `timeout_s` seconds; the text tells what happened.
    """
    trace_id = _trace_of(message)
    recordings.listen_to(flow)
    recordings.begin(trace_id)
    flow.run(registry=registry)
    limit = asyncio.timeout(timeout_s)
    try:
        async with limit:
            await flow.emit(message)
            return await flow.fetch()
    except TimeoutError:
        if not limit.expired():
            raise
        text = no_result_text(trace_id, timeout_s, recordings.of(trace_id))
        raise TimeoutError(text) from None
    finally:
        await flow.stop()


def no_result_text(trace_id: str, timeout_s: float, events: Sequence[FlowEvent]) -> str:
    """Say what was seen of a trace that gave no result, and what to do if a node failed."""
    told = [f"{event.event_type} `{event.node_name}`" for event in events[-_MAX_EVENTS_TOLD:]]
    if len(events) > len(told):
        told.insert(0, f"{len(events) - len(told)} earlier events")
    text = f"no result of trace `{trace_id}` within {timeout_s:g} s; seen: {', '.join(told) or 'nothing'}"
    failures = [error.get("message") for event in events if (error := event.error_payload) is not None]
    if not failures:
        return text
    return f"{text}. {failures[-1]}; create the flow with `emit_errors_to_rookery=True` to get that as result"


def _trace_of(message: object) -> str:
    if not isinstance(message, Message):
        kind = type(message).__name__
        raise TypeError(f"`run_one` takes a Message instance, whose trace it records; got `{kind}`")
    return message.trace_id
