"""What a flow tells a state store and a message bus; neither can hold up or fail the flow."""

from __future__ import annotations

from dataclasses import replace

from penguiflow._runtime.endpoints import Owner
from penguiflow._runtime.outlet import Outlet
from penguiflow._runtime.trace import trace_id_of
from penguiflow.bus import BusEnvelope, MessageBus
from penguiflow.metrics import FlowEvent
from penguiflow.redaction import redact
from penguiflow.state.models import StoredEvent
from penguiflow.state.protocol import StateStore
from penguiflow.types import Message


def store_outlet(store: StateStore) -> Outlet[FlowEvent]:
    """Return the way of flow events, without their secrets, into the store.

    Raises:
        TypeError: it is no store.
    """
    _require(store, "save_event", "state_store")

    async def save(event: FlowEvent) -> None:
        told = StoredEvent.from_flow_event(event)
        await store.save_event(replace(told, payload=redact(told.payload)))

    return Outlet(
        save,
        failure_event="state_store_save_failed",
        describe=lambda event: {"trace_id": event.trace_id, "kind": event.event_type},
    )


class BusPublisher:
    """The way of queued items onto the bus."""

    def __init__(self, bus: MessageBus) -> None:
        _require(bus, "publish", "message_bus")
        self.outlet = Outlet(
            bus.publish,
            failure_event="message_bus_publish_failed",
            describe=lambda envelope: {"edge": envelope.edge, "trace_id": envelope.trace_id},
        )

    def put(self, source: Owner, target: Owner, item: object) -> None:
        """Publish that an item is put on the edge from `source` to `target`."""
        message = item if isinstance(item, Message) else None
        self.outlet.put(
            BusEnvelope(
                edge=f"{source.name}->{target.name}",
                source=source.name,
                target=target.name,
                trace_id=trace_id_of(item),
                payload=item,
                headers=None if message is None else message.headers.model_dump(),
                meta=None if message is None else dict(message.meta),
            )
        )


def _require(receiver: object, method: str, option: str) -> None:
    if not callable(getattr(receiver, method, None)):
        kind = type(receiver).__name__
        hint = "; await what opens it" if kind == "coroutine" else ""
        raise TypeError(f"`{option}` is a `{kind}`, which has no `{method}`{hint}")
