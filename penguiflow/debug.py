"""Flow events in a shape that people read."""

from __future__ import annotations

from typing import Any

from penguiflow.metrics import FlowEvent

__all__ = ["format_flow_event"]


def format_flow_event(event: FlowEvent) -> dict[str, Any]:  # the facts of an event are free-form
    """Return the payload of the event, with the facts of its error also as `flow_error_<fact>` keys."""
    payload = event.to_payload()
    error = event.error_payload
    if error is not None:
        payload["flow_error"] = dict(error)
        payload.update({f"flow_error_{key}": value for key, value in error.items()})
    return payload
