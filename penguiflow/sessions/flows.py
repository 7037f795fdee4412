"""Hearing the flows of an agent, so that what its nodes do is part of the session's history."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias, runtime_checkable

from penguiflow.core import PenguiFlow
from penguiflow.metrics import FlowEvent
from penguiflow.sessions.json_parts import as_list, as_object

FlowListener: TypeAlias = Callable[[FlowEvent], None]


@runtime_checkable
class HasFlows(Protocol):
    """An agent that works with flows."""

    @property
    def flows(self) -> Sequence[PenguiFlow]: ...


def flows_in(owner: object) -> tuple[PenguiFlow, ...]:
    """Return the flows that an object keeps in its attributes, by themselves or in a list or mapping."""
    attributes: Mapping[str, object] = getattr(owner, "__dict__", {})
    found: dict[int, PenguiFlow] = {}
    for value in attributes.values():
        kept = list((as_object(value) or {}).values()) or as_list(value) or [value]
        found.update({id(each): each for each in kept if isinstance(each, PenguiFlow)})
    return tuple(found.values())


class WatchedFlows:
    """Tells a listener what happens in flows; each flow is listened to once."""

    def __init__(self, listener: FlowListener) -> None:
        self._listener: FlowListener | None = listener
        self._watched: list[PenguiFlow] = []

    def watch(self, agent: object) -> None:
        """Listen to the flows the agent has by now."""
        if isinstance(agent, HasFlows):
            for flow in agent.flows:
                if not any(flow is known for known in self._watched):
                    self._watched.append(flow)
                    flow.add_middleware(self._hear)

    def stop(self) -> None:
        """Listen no more. A flow may outlive the session of its agent."""
        self._listener = None

    async def _hear(self, event: FlowEvent) -> None:
        if self._listener is not None:
            self._listener(event)
