"""Tells the listeners of a run when a document behind one of its tools changes at its server."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Protocol, runtime_checkable

from penguiflow.catalog import NodeSpec
from penguiflow.planner._loop.run_events import RunEvents


@runtime_checkable
class _TellsUpdates(Protocol):
    """A connection to a server whose resources may change, such as a `ToolNode`."""

    def on_resource_updated(self, listener: Callable[[str], None]) -> Callable[[], None]:
        """Call `listener` with the URI of each resource that changed; the function returned ends that."""
        ...


@contextmanager
def resource_updates_told(specs: Iterable[NodeSpec], events: RunEvents) -> Generator[None]:
    """Emit `resource_updated` with `uri` and `namespace` while the block runs."""
    namespaces: dict[int, tuple[_TellsUpdates, str]] = {}
    for spec in specs:
        node = spec.extra.get("tool_node")
        if isinstance(node, _TellsUpdates):
            namespaces[id(node)] = node, str(spec.extra.get("namespace", ""))
    with ExitStack() as stack:
        for node, namespace in namespaces.values():
            stack.callback(node.on_resource_updated(partial(_tell, events, namespace)))
        yield


def _tell(events: RunEvents, namespace: str, uri: str) -> None:
    events.emit("resource_updated", uri=uri, namespace=namespace)
