"""Tool calls inside JSON, and inside what a model says: arguments that their tool marks as secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

from penguiflow._redaction.json_values import Json, JsonObject, is_list, is_object
from penguiflow._redaction.marked import Schema, hide_marked, marked_names, marked_texts
from penguiflow._redaction.placeholders import REDACTED

SchemasOf: TypeAlias = Callable[[str], Sequence[Schema]]
"""Returns the schemas with marks under which a tool of this name is known; none for other names."""

_MAX_DEPTH = 100
_MOST_TOOLS = 1_000
_MOST_SCHEMAS = 8
_MOST_TRIES = 100

# How calls are written: those of an action, of a plan's branch, and of a question to a person.
_NAME_KEYS = ("next_node", "node", "tool")
_TEXT = r'\s*:\s*"((?:[^"\\]|\\.)*)'

# As the planner writes an action, so that a call reads the same before and after it was hidden.
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


class MarkedTools:
    """The tools whose arguments hold secrets, by name. Who writes down what a model says knows only names."""

    def __init__(self) -> None:
        self._schemas: dict[str, tuple[Schema, ...]] = {}

    def remember(self, tool: str, schema: Schema) -> None:
        """Know the tool by this schema too; tools of different planners may share a name."""
        known = self._schemas.get(tool, ())
        if schema not in known and (known or len(self._schemas) < _MOST_TOOLS):
            self._schemas = {**self._schemas, tool: (*known, schema)[-_MOST_SCHEMAS:]}

    def schemas_of(self, tool: str) -> Sequence[Schema]:
        """Return what is known of a tool."""
        return self._schemas.get(tool, ())

    def hide_in_call(self, call: JsonObject) -> JsonObject:
        """Return a call, or any other object, with its own secret arguments replaced."""
        schemas = _schemas(call, self.schemas_of)
        return {**call, "args": _hidden(schemas, call["args"], REDACTED)} if schemas else call

    def hide_in(self, text: str) -> str:
        """Return a text with the secret arguments of the calls in it replaced."""
        if not self._named_in(text):
            return text
        pieces: list[str] = []
        done = 0
        for start, end, value in _json_values(text):
            hidden = hide_in_calls(value, self.schemas_of)
            if hidden != value:
                pieces += (text[done:start], _write(hidden))
                done = end
        return "".join(pieces) + text[done:]

    def secrets_in(self, text: str) -> Iterator[str]:
        """Yield the secret arguments of the calls in a text, also of calls that are no proper JSON."""
        named = self._named_in(text)
        if not named:
            return
        for _, _, value in _json_values(text):
            yield from secrets_in_calls(value, self.schemas_of)
        names = {name for schemas in named for schema in schemas for name in marked_names(schema)}
        if not names:
            return
        pattern = rf'"(?:{"|".join(map(re.escape, sorted(names)))})"{_TEXT}'
        for found in re.findall(pattern, text, re.DOTALL):
            yield found
            yield _unescaped(found)

    def _named_in(self, text: str) -> list[Sequence[Schema]]:
        return [schemas for tool, schemas in self._schemas.items() if tool in text]


MARKED_TOOLS = MarkedTools()
"""Those of this process."""


def hide_in_calls(value: Json, schemas_of: SchemasOf, shown: str = REDACTED, depth: int = 0) -> Json:
    """Return a copy of the value in which the secret arguments of every call are replaced."""
    if depth > _MAX_DEPTH:
        return value
    if is_list(value):
        return [hide_in_calls(item, schemas_of, shown, depth + 1) for item in value]
    if not is_object(value):
        return value
    copy: dict[str, Json] = {
        key: hide_in_calls(item, schemas_of, shown, depth + 1) for key, item in value.items()
    }
    if schemas := _schemas(value, schemas_of):
        copy["args"] = _hidden(schemas, copy["args"], shown)
    return copy


def secrets_in_calls(value: Json, schemas_of: SchemasOf, depth: int = 0) -> Iterator[str]:
    """Yield the secret arguments of every call in the value."""
    if depth > _MAX_DEPTH:
        return
    if is_list(value):
        for item in value:
            yield from secrets_in_calls(item, schemas_of, depth + 1)
    elif is_object(value):
        for schema in _schemas(value, schemas_of):
            yield from marked_texts(schema, value["args"])
        for item in value.values():
            yield from secrets_in_calls(item, schemas_of, depth + 1)


def _hidden(schemas: Sequence[Schema], args: Json, shown: str) -> Json:
    for schema in schemas:
        args = hide_marked(schema, args, shown)
    return args


def _schemas(call: JsonObject, schemas_of: SchemasOf) -> list[Schema]:
    if not is_object(call.get("args")):
        return []
    names = [name for key in _NAME_KEYS if isinstance(name := call.get(key), str)]
    return [schema for name in names for schema in schemas_of(name)]


def _json_values(text: str) -> Iterator[tuple[int, int, Json]]:
    """Yield the JSON objects in a text, each with its place."""
    read = json.JSONDecoder().raw_decode
    start = text.find("{")
    for _ in range(_MOST_TRIES):
        if start < 0:
            return
        try:
            value, end = read(text, start)
        except (ValueError, RecursionError):
            end = start + 1
        else:
            yield start, end, value
        start = text.find("{", end)


def _unescaped(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text
