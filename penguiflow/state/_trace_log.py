"""The flow events of one trace in memory: each content once, the newest ones, cheap to add to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from penguiflow.state.flow_events import payload_json
from penguiflow.state.models import StoredEvent

_PLAIN = frozenset({str, int, float, bool, type(None)})


class TraceLog:
    """Keeps the `max_events` events that were added last."""

    def __init__(self, max_events: int) -> None:
        self._max_events = max_events
        # An OrderedDict, because taking the first entry out of a full `dict` walks over all earlier holes.
        self._events: OrderedDict[Hashable, StoredEvent] = OrderedDict()

    def add(self, event: StoredEvent) -> None:
        """Keep the event unless an equal one is kept already."""
        identity = _quick_identity(event)
        known = self._events.get(identity)
        if known is not None:
            content = payload_json(event)
            if payload_json(known) == content:
                return
            identity = (identity, content)  # one hash of two contents, which is very rare
        self._events[identity] = event
        if len(self._events) > self._max_events:
            self._events.popitem(last=False)

    def chronological(self) -> list[StoredEvent]:
        """Return the events by their time, those of one time as they were added."""
        return sorted(self._events.values(), key=lambda event: event.ts)


def _quick_identity(event: StoredEvent) -> Hashable:
    """Return what tells events apart without their text, which costs several times as much.

    Payloads of flow events are flat and plain, so the hash of their items stands for them; any other is
    known by its text.
    """
    payload = event.payload
    is_plain = _PLAIN.issuperset(map(type, payload.values()))
    content = hash(frozenset(payload.items())) if is_plain else payload_json(event)
    return event.ts, event.kind, event.node_id, event.node_name, content
