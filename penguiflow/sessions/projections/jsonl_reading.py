"""Reading one line of a history file: nothing that was not checked gets further than this module."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias, cast

from penguiflow.sessions.projections.jsonl import FORMAT, FORMAT_VERSION
from penguiflow.state.contents import NAMESPACE, Content
from penguiflow.state.events import (
    SCHEMA_VERSION,
    EventSchemaError,
    FlowHappened,
    JsonObject,
    PersonAsked,
    RunEvent,
    from_record,
)

MAX_DEPTH = 200
"""How deep objects and lists may lie in one another; the history itself stays within half of it."""

_MAX_ID_CHARS = 1_000
_MAX_PROBLEM_CHARS = 300
_MAX_INTEGER = 2**63
_LAST_SECOND = 253_402_300_799  # of the year 9999
_CONTENT_ID = re.compile(rf"{NAMESPACE}_[0-9a-f]{{8,128}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a file holds: a session, or of it a single run."""

    session_id: str
    run_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How many lines of each kind came before."""

    events: int
    contents: int


Entry: TypeAlias = Header | RunEvent | Content | End


class LineError(ValueError):
    """A line cannot be taken. The message goes on after `line 12`."""


def read_entry(line: bytes) -> Entry:
    """Read a line.

    Raises:
        LineError: it is no JSON, or no line of a history.
    """
    record = _object(line)
    match record.get("type"):
        case "header":
            return _read_header(record)
        case "event":
            return _read_event(record)
        case "content":
            return _read_content(record)
        case "end":
            return End(events=_integer(record, "events"), contents=_integer(record, "contents"))
        case other:
            raise LineError(f"has the unknown type {_shown(other)}")


def _read_header(record: JsonObject) -> Header:
    if record.get("format") != FORMAT:
        raise LineError(f"is no header of a `{FORMAT}` file")
    if _integer(record, "v") not in range(1, FORMAT_VERSION + 1):
        raise LineError(
            f"tells version {_shown(record['v'])}; this program reads versions 1 to {FORMAT_VERSION}"
        )
    run_id = None if record.get("run_id") is None else _name(record, "run_id")
    return Header(session_id=_name(record, "session_id"), run_id=run_id)


def _read_event(record: JsonObject) -> RunEvent:
    version = _integer(record, "v")
    if version not in range(1, SCHEMA_VERSION + 1):
        raise LineError(f"is an event of version {version}; this program reads 1 to {SCHEMA_VERSION}")
    for field in ("session_id", "run_id", *(("kind",) if version == SCHEMA_VERSION else ())):
        _name(record, field)
    _integer(record, "seq")
    if abs(_number(record, "ts")) > _LAST_SECOND:
        raise LineError("has a `ts` that is no time")
    if record.get("elapsed_ms") is not None:
        _number(record, "elapsed_ms")
    body = record.get("payload" if version == SCHEMA_VERSION else "body")
    if not isinstance(body, dict):
        raise LineError("has no object with the fields of its event")
    if version == 1:
        _name(cast("JsonObject", body), "kind")
    try:
        event = from_record(record)
    except EventSchemaError as exc:
        raise LineError(f"is no event: {_first_line(exc)}") from exc
    _check_columns(event)
    return event


def _check_columns(event: RunEvent) -> None:
    """Refuse what a database cannot keep in a column of its own."""
    body = event.body
    texts = {
        "call_id": event.call_id,
        "edge": event.edge,
        "trace_id": body.trace_id if isinstance(body, FlowHappened) else None,
        "request_id": body.request_id if isinstance(body, PersonAsked) else None,
    }
    for field, text in texts.items():
        if text is not None:
            _check_text(text, field)
    step = getattr(body, "step", 0)
    if not isinstance(step, int) or abs(step) >= _MAX_INTEGER:
        raise LineError("has a `step` that is no number of a step")


def _read_content(record: JsonObject) -> Content:
    content_id, text = _name(record, "content_id"), record.get("text")
    if not _CONTENT_ID.fullmatch(content_id):
        raise LineError(f"has a `content_id` that no history gives: {_shown(content_id)}")
    if not isinstance(text, str):
        raise LineError("has no text in `text`")
    _check_text(text, "text")
    if hashlib.sha256(text.encode()).hexdigest() != record.get("sha256"):
        raise LineError("has a text that does not fit its `sha256`")
    return Content(session_id=_name(record, "session_id"), content_id=content_id, text=text)


def _object(line: bytes) -> JsonObject:
    try:
        text = line.decode()
        value: object = json.loads(
            text,
            object_pairs_hook=_without_repeats,
            parse_constant=_refuse_number,
            parse_float=_finite_float,
        )
    except LineError:
        raise
    except UnicodeDecodeError as exc:
        raise LineError("is not UTF-8") from exc
    except RecursionError as exc:
        raise LineError("is nested too deeply") from exc
    except ValueError as exc:  # also a number of more digits than Python converts
        raise LineError(f"is no JSON: {_first_line(exc)}") from exc
    if not isinstance(value, dict):
        raise LineError("is no JSON object")
    record = cast("JsonObject", value)
    # An object as deep as the limit has as many brackets; most lines need no closer look.
    if text.count("{") + text.count("[") > MAX_DEPTH and _is_deeper(record, MAX_DEPTH):
        raise LineError("is nested too deeply")
    return record


def _without_repeats(pairs: list[tuple[str, Any]]) -> JsonObject:  # any JSON
    entries: JsonObject = {}
    for key, value in pairs:
        if key in entries:
            raise LineError(f"has the key {_shown(key)} twice")
        entries[key] = value
    return entries


def _refuse_number(text: str) -> NoReturn:
    raise LineError(f"has the number {_shown(text)}, which JSON does not know")


def _finite_float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse_number(text)


def _is_deeper(value: object, limit: int) -> bool:
    level: Sequence[object] = [value]
    for _ in range(limit + 1):
        level = [item for each in level for item in _items(each)]
        if not level:
            return False
    return True


def _items(value: object) -> Sequence[object]:
    if isinstance(value, dict):
        return list(cast("JsonObject", value).values())
    return cast("Sequence[object]", value) if isinstance(value, list) else ()


def _name(record: JsonObject, field: str) -> str:
    value = record.get(field)
    if not isinstance(value, str) or not value or len(value) > _MAX_ID_CHARS:
        raise LineError(f"has no name in `{field}` but {_shown(value)}")
    _check_text(value, field)
    return value


def _check_text(text: str, field: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as exc:
            raise LineError(f"has half a character in `{field}`") from exc


def _integer(record: JsonObject, field: str) -> int:
    value = record.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MAX_INTEGER:
        raise LineError(f"has no count in `{field}` but {_shown(value)}")
    return value


def _number(record: JsonObject, field: str) -> float:
    value = record.get(field)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        raise LineError(f"has no number in `{field}` but {_shown(value)}")
    return float(value)


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and abs(value) >= _MAX_INTEGER:
        return "a number that is too large"
    return f"`{str(value)[:100]}`"


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:_MAX_PROBLEM_CHARS]
