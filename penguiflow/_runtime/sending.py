"""Putting items on floes: with or without waiting, told to the bus, counted for their trace."""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow._envelope import derived
from penguiflow._runtime.deadlock import is_deadlock
from penguiflow._runtime.floe import Floe
from penguiflow._runtime.origin import CURRENT_WORKER, current_origin
from penguiflow._runtime.services import Services
from penguiflow._runtime.trace import Trace
from penguiflow.errors import DeadlockError
from penguiflow.types import Message


def has_room(floes: Sequence[Floe]) -> bool:
    """Tell whether an item can be queued on all of these floes without waiting."""
    for floe in floes:  # noqa: SIM110 - `all` would build a generator for every chunk of a stream
        if floe.depth + floe.reserved >= floe.limit:
            return False
    return True


def push(floe: Floe, item: object, services: Services) -> None:
    """Queue an item without waiting; the floe has room or may do without."""
    trace = services.traces.of(item)
    floe.push(trace, item, None if trace is not None else _origin(services))


async def reserve(floe: Floe) -> None:
    """Wait for a place in the floe and keep it.

    Raises:
        DeadlockError: nobody could ever make room, since all who could wait for one another.
        FlowStopped: the flow stopped while the caller waited.
    """
    worker = CURRENT_WORKER.get()
    if floe.has_room() or worker is None or not worker.is_busy():
        await floe.reserve()
        return
    worker.blocked_on.append(floe)
    try:
        if is_deadlock(floe):
            raise DeadlockError(floe.source.name, floe.edge, floe.limit)
        await floe.reserve()
    finally:
        worker.blocked_on.remove(floe)


async def put(floe: Floe, item: object, services: Services) -> None:
    """Wait for a place, tell the bus, and queue the item; a cancelled wait leaves no trace of it."""
    await reserve(floe)
    if services.bus is not None:
        try:
            services.bus.put(floe.source, floe.target, item)
            await services.bus.outlet.caught_up()
        except BaseException:
            floe.release()
            raise
    trace = services.traces.of(item)
    floe.spend(trace, item, None if trace is not None else _origin(services))


def branch_of(item: object) -> object:
    """Return the item for a further branch: an envelope with its own `meta`, around the same payload."""
    if isinstance(item, Message):
        return derived(item, meta=dict(item.meta))
    return item


def _origin(services: Services) -> Trace | None:
    origin = current_origin()
    if origin is not None:
        services.traces.remember(origin)
    return origin
