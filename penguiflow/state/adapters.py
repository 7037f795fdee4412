"""Calls to stores that were written for older names of the same methods.

Planner events used to be kept with `save_event(trace_id, event)` and read with `get_events(trace_id)`. A
store that has the present names is called by these; a method may be sync or async.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from penguiflow.state.models import RemoteBinding
from penguiflow.state.protocol import StateStore

__all__ = ["list_planner_events_compat", "maybe_save_remote_binding", "save_planner_event_compat"]


async def save_planner_event_compat(store: object, trace_id: str, event: Any) -> None:  # a `PlannerEvent`
    """Keep a planner event with `save_planner_event`, else with the older `save_event(trace_id, event)`.

    Raises:
        TypeError: the store has neither.
    """
    save = _method(store, "save_planner_event") or _of_two_arguments(_method(store, "save_event"))
    if save is None:
        raise _unsupported(store, "save_planner_event(trace_id, event)", "save_event(trace_id, event)")
    await _awaited(save(trace_id, event))


async def list_planner_events_compat(store: object, trace_id: str) -> Sequence[Any]:  # `PlannerEvent`s
    """Return the planner events of a trace from `list_planner_events`, else from the older `get_events`.

    Raises:
        TypeError: the store has neither.
    """
    read = _method(store, "list_planner_events") or _method(store, "get_events")
    if read is None:
        raise _unsupported(store, "list_planner_events(trace_id)", "get_events(trace_id)")
    events: Sequence[Any] = await _awaited(read(trace_id))
    return events


async def maybe_save_remote_binding(store: StateStore | None, binding: RemoteBinding) -> None:
    """Keep the binding if there is a store."""
    if store is not None:
        await store.save_remote_binding(binding)


def _method(store: object, name: str) -> Callable[..., Any] | None:  # of a duck-typed store
    found: object = getattr(store, name, None)
    return found if callable(found) else None


def _of_two_arguments(method: Callable[..., Any] | None) -> Callable[..., Any] | None:
    """Leave out today's `save_event(event)`, which keeps flow events and has the same name."""
    if method is None:
        return None
    try:
        inspect.signature(method).bind("trace", "event")
    except (TypeError, ValueError):  # a ValueError: the method does not tell what it takes
        return None
    return method


def _unsupported(store: object, wanted: str, older: str) -> TypeError:
    return TypeError(
        f"`{type(store).__name__}` has neither `{wanted}` nor the older `{older}`; add the first"
    )


async def _awaited(result: Any) -> Any:  # a value of a duck-typed store, or something that gives one
    return await result if inspect.isawaitable(result) else result
