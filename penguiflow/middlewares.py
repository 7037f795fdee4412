"""Ready-made observers of flow events; the value and the port they are about come along."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeAlias

from penguiflow.metrics import FlowEvent, Middleware

__all__ = ["FlowEvent", "LatencyCallback", "Middleware", "log_flow_events"]

LatencyCallback: TypeAlias = Callable[[str, float, FlowEvent], None]
"""Called with the event type, the milliseconds of the attempt and the event itself."""

_CALLBACK_FAILED = "log_flow_events_latency_callback_error"


def log_flow_events(
    logger: logging.Logger | None = None,
    *,
    start_level: int = logging.INFO,
    success_level: int = logging.INFO,
    error_level: int = logging.ERROR,
    latency_callback: LatencyCallback | None = None,
) -> Middleware:
    """Return a middleware that logs where attempts begin, succeed and fail, and tells their latency.

    The default logger is `penguiflow.flow`. Each record has the event's payload as attributes. A
    callback that raises is logged and otherwise ignored.
    """
    target = logging.getLogger("penguiflow.flow") if logger is None else logger
    levels = {"node_start": start_level, "node_success": success_level, "node_error": error_level}

    async def log_event(event: FlowEvent) -> None:
        level = levels.get(event.event_type)
        if level is None:
            return
        if target.isEnabledFor(level):
            target.log(level, event.event_type, extra=_record_attributes(event))
        if latency_callback is not None and event.event_type != "node_start":
            _tell_latency(latency_callback, event, target)

    return log_event


def _record_attributes(event: FlowEvent) -> dict[str, object]:
    attributes: dict[str, object] = event.to_payload()
    if event.event_type == "node_error" and event.error_payload is not None:
        attributes["error_payload"] = dict(event.error_payload)
    return attributes


def _tell_latency(callback: LatencyCallback, event: FlowEvent, logger: logging.Logger) -> None:
    if event.latency_ms is None:
        return
    try:
        callback(event.event_type, event.latency_ms, event)
    except Exception:
        logger.exception(
            _CALLBACK_FAILED,
            extra={
                "event": _CALLBACK_FAILED,
                "node_name": event.node_name,
                "node_id": event.node_id,
                "trace_id": event.trace_id,
            },
        )
