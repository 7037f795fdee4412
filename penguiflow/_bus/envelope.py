"""The port through which a flow tells the outside what travels on its floes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(slots=True)
class BusEnvelope:
    """One item that was put on the edge from `source` to `target`; the ends are node or endpoint names.

    `payload` is the item itself, not a copy. `headers` and `meta` are copies of what a `Message` carries,
    None for anything else.
    """

    edge: str
    source: str | None
    target: str | None
    trace_id: str | None
    payload: Any  # whatever travels
    headers: Mapping[str, Any] | None  # the fields of `Headers`
    meta: Mapping[str, Any] | None  # free-form by contract


class MessageBus(Protocol):
    """Publishes what travels; a failure is logged and never reaches the flow."""

    async def publish(self, envelope: BusEnvelope) -> None:
        """Publish one envelope."""
        ...
