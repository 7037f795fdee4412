"""Values whose JSON schema says that they are secrets: `"writeOnly": true`, or `"format": "password"`.

Pydantic writes both for a `SecretStr` and a `SecretBytes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from penguiflow._redaction.json_values import Json, JsonObject, is_list, is_object
from penguiflow._redaction.placeholders import REDACTED

Schema: TypeAlias = JsonObject
"""A JSON schema as somebody wrote it: anything may be in it."""

_MAX_DEPTH = 100
_MOST_PARTS = 200
_MOST_OBJECTS = 20_000
_COMBINED = ("anyOf", "oneOf", "allOf")


def has_marks(schema: Json) -> bool:
    """Tell whether anything in the schema is marked."""
    return any(is_marked(part) for part in _all_objects(schema))


def is_marked(part: Schema) -> bool:
    """Tell whether this part of a schema describes a secret."""
    return part.get("writeOnly") is True or part.get("format") == "password"


def marked_names(schema: Json) -> frozenset[str]:
    """Return the names of all properties that are marked, at any depth."""
    found: set[str] = set()
    for part in _all_objects(schema):
        properties = part.get("properties")
        if is_object(properties):
            found |= {name for name, described in properties.items() if has_marks(described)}
    return frozenset(found)


def hide_marked(schema: Schema, value: Json, shown: str = REDACTED) -> Json:
    """Return a copy of the value with its secrets replaced; what is empty shows that nothing is set."""
    return with_marked(schema, value, lambda _: shown)


def marked_texts(schema: Schema, value: Json) -> Iterator[str]:
    """Yield the secrets in a value, numbers as they are written."""
    found: list[str] = []

    def keep(leaf: str | float) -> Json:
        found.append(str(leaf))
        return leaf

    with_marked(schema, value, keep)
    yield from found


def with_marked(schema: Schema, value: Json, replace: Callable[[str | float], Json]) -> Json:
    """Return a copy of the value in which each text and number in a marked part went through `replace`."""
    return _Marks(schema, replace).applied([schema], value, 0)


def _all_objects(schema: Json) -> Iterator[JsonObject]:
    waiting, looked_at = [schema], 0
    while waiting and looked_at < _MOST_OBJECTS:
        part = waiting.pop()
        looked_at += 1
        if is_object(part):
            yield part
            waiting += part.values()
        elif is_list(part):
            waiting += part


class _Marks:
    """One schema; its parts are followed as far as a value goes, so references to itself do no harm."""

    def __init__(self, root: Schema, replace: Callable[[str | float], Json]) -> None:
        self._root = root
        self._replace = replace

    def applied(self, parts: list[Json], value: Json, depth: int) -> Json:
        parts = self._all_parts(parts)
        if not parts or depth > _MAX_DEPTH:
            return value
        if any(is_marked(part) for part in parts):
            return self._replaced(value, depth)
        if is_object(value):
            return {
                key: self.applied([_property(part, key) for part in parts], item, depth + 1)
                for key, item in value.items()
            }
        if is_list(value):
            return [
                self.applied([_item(part, at) for part in parts], item, depth + 1)
                for at, item in enumerate(value)
            ]
        return value

    def _replaced(self, value: Json, depth: int) -> Json:
        if value is None or isinstance(value, bool) or value == "":
            return value
        if depth > _MAX_DEPTH or isinstance(value, str | int | float):
            return self._replace(value)
        if is_object(value):
            return {key: self._replaced(item, depth + 1) for key, item in value.items()}
        if is_list(value):
            return [self._replaced(item, depth + 1) for item in value]
        return self._replace(str(value))

    def _all_parts(self, parts: list[Json]) -> list[Schema]:
        """Return what is said about one value: the parts, what they refer to and what they are made of."""
        found: list[Schema] = []
        seen: set[int] = set()
        waiting = list(parts)
        while waiting and len(found) < _MOST_PARTS:
            part = waiting.pop()
            if not is_object(part) or id(part) in seen:
                continue
            seen.add(id(part))
            found.append(part)
            waiting.append(self._target(part.get("$ref")))
            waiting += (part.get(keyword) for keyword in ("then", "else"))
            for keyword in _COMBINED:
                options = part.get(keyword)
                waiting += options if is_list(options) else ()
        return found

    def _target(self, reference: Json) -> Json:
        """Follow a reference inside the schema; None for any other."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        target: Json = self._root
        for step in reference[1:].split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            target = target.get(key) if is_object(target) else None
        return target


def _property(part: Schema, key: Json) -> Json:
    properties = part.get("properties")
    if is_object(properties) and key in properties:
        return properties[key]
    return part.get("additionalProperties")


def _item(part: Schema, at: int) -> Json:
    first = part.get("prefixItems")
    if is_list(first) and at < len(first):
        return first[at]
    return part.get("items")
