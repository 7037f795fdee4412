"""The fields of an event's body by name, as JSON that can be shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import cast

from penguiflow.state.events import CallToApprove, ContentRef, EventBody, UnknownBody


def event_fields(body: EventBody | CallToApprove) -> Mapping[str, object]:
    """Return the fields. `dataclasses.asdict` would copy the values, which may be megabytes."""
    if isinstance(body, UnknownBody):
        return body.fields
    return {field.name: _shown(getattr(body, field.name)) for field in fields(body) if field.name != "kind"}


def _shown(value: object) -> object:
    match value:
        case CallToApprove():
            return event_fields(value)
        case ContentRef(chars=chars, role=role):
            return f"{role or 'text'} of {chars:,} characters"
        case tuple():
            members = cast("tuple[object, ...]", value)  # a pattern cannot see the type of the members
            return [_shown(member) for member in members]
        case _:
            return value
