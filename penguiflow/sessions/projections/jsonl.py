"""A history as a file: one JSON object a line, in ASCII.

`header` says which session or run it is, `event` is an event's record, `content` a large text, which comes
before the first event that stands for it, `end` counts both, so that a file that was cut off is known. The
same history always gives the same bytes: nothing but events and contents goes in.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, cast

from penguiflow.state.contents import NAMESPACE, Content
from penguiflow.state.events import (
    ContentRef,
    EventBody,
    JsonObject,
    RunEvent,
    UnknownBody,
    from_record,
    to_record,
)
from penguiflow.state.stored_text import payload_text
from penguiflow.state.tallies import count, summary_of

FORMAT = "penguiflow-history"
FORMAT_VERSION = 2


def session_header(events: Sequence[RunEvent], *, with_parents: bool = False) -> JsonObject:
    """Return the header of a session, of which at least one event is given."""
    summary = summary_of(events[0].session_id, count(None, events))
    return {
        **_header(summary.session_id),
        "with_parents": with_parents,
        "name": summary.name,
        "title": summary.title,
        "agent": summary.agent,
        "archived": summary.archived,
        "parent_session_id": summary.parent_session_id,
        "parent_run_id": summary.parent_run_id,
    }


def run_header(run_id: str, session_id: str) -> JsonObject:
    """Return the header of a single run."""
    return {**_header(session_id), "run_id": run_id}


def event_record(event: RunEvent) -> JsonObject:
    """Return the line of an event, in the form it has after it was stored and read."""
    read_back = from_record({**to_record(event), "payload": json.loads(payload_text(event.body))})
    record = to_record(read_back)
    record["ts"] = _as_stored(event.ts)
    if event.elapsed_ms is not None:
        record["elapsed_ms"] = _as_stored(event.elapsed_ms)
    payload = json.loads(payload_text(read_back.body))
    record["payload"] = _finite(payload, deep=isinstance(event.body, UnknownBody))
    return {"type": "event", **record}


def content_record(content: Content) -> JsonObject:
    """Return the line of a text; what cannot be encoded becomes `?`, as in a store."""
    data = content.text.encode("utf-8", "replace")
    return {
        "type": "content",
        "session_id": content.session_id,
        "content_id": content.content_id,
        "sha256": hashlib.sha256(data).hexdigest(),
        "text": data.decode(),
    }


def end_record(*, events: int, contents: int) -> JsonObject:
    """Return the last line."""
    return {"type": "end", "events": events, "contents": contents}


def line_of(record: JsonObject) -> str:
    """Return the record as it stands in a file, with the end of its line."""
    return json.dumps(record, ensure_ascii=True, allow_nan=False).replace("\x7f", "\\u007f") + "\n"


def content_ids(body: EventBody) -> Iterator[str]:
    """Yield the ids of the texts for which refs of the body stand."""
    if isinstance(body, UnknownBody):
        yield from _ids_within(body.fields)
        return
    for field in fields(body):
        value = getattr(body, field.name)
        for item in cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,):
            if isinstance(item, ContentRef):
                yield item.content_id


def _header(session_id: str) -> JsonObject:
    return {
        "type": "header",
        "format": FORMAT,
        "v": FORMAT_VERSION,
        "session_id": session_id,
        "run_id": None,
    }


def _as_stored(number: float) -> float:
    return float(number) + 0.0  # a database knows neither an integer among its reals nor a negative zero


def _finite(value: Any, *, deep: bool) -> Any:  # any JSON, and what comes back has the same shape
    """Write what is no number in JSON as a text that is read as that number again."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        entries = cast("JsonObject", value)
        return {
            key: _finite(item, deep=deep) if deep or isinstance(item, float) else item
            for key, item in entries.items()
        }
    if deep and isinstance(value, list | tuple):
        return [_finite(item, deep=True) for item in cast("Sequence[Any]", value)]
    return value


def _ids_within(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in cast("JsonObject", value).items():
            if key == "content_id" and isinstance(item, str) and item.startswith(f"{NAMESPACE}_"):
                yield item
            else:
                yield from _ids_within(item)
    elif isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            yield from _ids_within(item)
