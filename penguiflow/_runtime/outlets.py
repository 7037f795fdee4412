"""The state store and the message bus of a flow, if it has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from penguiflow._runtime.outlet import LOGGER, Outlet
from penguiflow.errors import repr_of
from penguiflow.metrics import FlowEvent

if TYPE_CHECKING:
    from penguiflow._runtime.distribution import BusPublisher
    from penguiflow.bus import BusEnvelope, MessageBus
    from penguiflow.state.models import RemoteBinding, StoredEvent
    from penguiflow.state.protocol import StateStore

HISTORY_PATIENCE_S: Final = 5.0
"""How long reading a history waits for events that are still on their way into the store."""


class Outlets:
    """The ways out of one flow."""

    def __init__(self, state_store: StateStore | None, message_bus: MessageBus | None) -> None:
        self._state_store = state_store
        self.store: Outlet[FlowEvent] | None = None
        self.bus: BusPublisher | None = None
        if state_store is not None or message_bus is not None:
            from penguiflow._runtime.distribution import BusPublisher, store_outlet  # noqa: PLC0415 - see below

            # Only a flow that has a store or a bus pays for loading what they need.
            self.store = None if state_store is None else store_outlet(state_store)
            self.bus = None if message_bus is None else BusPublisher(message_bus)

    @property
    def dropped(self) -> int:
        """Count what was lost because a receiver was too slow."""
        return sum(outlet.dropped for outlet in self._outlets())

    async def load_history(self, trace_id: str) -> Sequence[StoredEvent]:
        """Return the stored events of a trace, after those on their way have arrived.

        Raises:
            RuntimeError: there is no state store.
        """
        if self._state_store is None:
            raise RuntimeError("the flow keeps no history; create it with `state_store=`")
        if self.store is not None:
            await self.store.drain(HISTORY_PATIENCE_S)
        return await self._state_store.load_history(trace_id)

    async def save_binding(self, binding: RemoteBinding) -> None:
        """Keep a binding in the store, if there is one."""
        if self._state_store is None:
            return
        try:
            await self._state_store.save_remote_binding(binding)
        except Exception as exc:  # noqa: BLE001 - the store is foreign code; its failure is logged
            facts = {
                "event": "state_store_binding_failed",
                "trace_id": binding.trace_id,
                "context_id": binding.context_id,
                "task_id": binding.task_id,
                "agent_url": binding.agent_url,
                "exception": repr_of(exc),
            }
            LOGGER.error("state_store_binding_failed", extra=facts, exc_info=exc)

    async def aclose(self, timeout_s: float) -> None:
        """Send what is left, waiting at most `timeout_s` seconds for each receiver."""
        for outlet in self._outlets():
            await outlet.aclose(timeout_s)

    def _outlets(self) -> list[Outlet[FlowEvent] | Outlet[BusEnvelope]]:
        bus = None if self.bus is None else self.bus.outlet
        return [outlet for outlet in (self.store, bus) if outlet is not None]
