"""The JSON form of what a planner gives a store to keep, for stores that cannot keep the objects.

What comes back from such a store is this form, a dictionary. A trajectory is read from it with
`Trajectory.from_serialised(form)`, a planner event with `PlannerEvent(**form)`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, cast

from pydantic import BaseModel

from penguiflow.state.errors import StoreError


def trajectory_json(trace_id: str, trajectory: object) -> str:
    """Return a trajectory as JSON text in ASCII; a value within it without JSON form is kept as its `str`.

    Raises:
        StoreError: the object as a whole has no JSON form.
    """
    return _json_text(trajectory, name=f"the trajectory of trace `{trace_id}`")


def planner_event_json(trace_id: str, event: object) -> str:
    """Return a planner event as JSON text in ASCII; values as in `trajectory_json`.

    Raises:
        StoreError: the object as a whole has no JSON form.
    """
    return _json_text(event, name=f"a planner event of trace `{trace_id}`")


def json_form(value: object) -> dict[str, Any] | None:
    """Return the fields of a value by name, `None` for one that does not tell them.

    A mapping is its own form. Else it is the first of these that the value has: what `serialise()` returns,
    the fields of a pydantic model or of a dataclass, what `to_payload()` returns.
    """
    if isinstance(value, Mapping):
        # What the keys and values are, nobody has said; those that are no JSON are dealt with later.
        return dict(cast("Mapping[str, Any]", value))
    if (form := _told_by(value, "serialise")) is not None:
        return form
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", fallback=str)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        # Not `asdict`, which copies every value, and some cannot be copied. A field that is not compared is
        # no part of the value: the whole prompt of a model call, which comes along for those who want it.
        fields = (field.name for field in dataclasses.fields(value) if field.compare)
        return {name: getattr(value, name) for name in fields}
    return _told_by(value, "to_payload")


def _told_by(value: object, method_name: str) -> dict[str, Any] | None:
    method = getattr(value, method_name, None)
    told: object = method() if callable(method) else None
    return dict(cast("Mapping[str, Any]", told)) if isinstance(told, Mapping) else None


def _json_text(value: object, *, name: str) -> str:
    form = json_form(value)
    if form is None:
        raise StoreError(
            f"{name} cannot be stored: `{type(value).__name__}` has no JSON form",
            hint="give a dictionary, or an object with `serialise()` or `to_payload()`",
        )
    try:
        return json.dumps(form, default=_inner_form)
    except (TypeError, ValueError, RecursionError) as exc:
        raise StoreError(f"{name} cannot be stored: {exc}", hint="let its keys be texts") from exc


def _inner_form(value: object) -> object:
    form = json_form(value)
    return str(value) if form is None else form
