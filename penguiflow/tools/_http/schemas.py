"""Schemas of a document as JSON schemas that stand alone: references lead to `$defs`, and nothing is fetched.

Bounded in depth and number, because a document may be hostile: beyond the bounds a part is "anything".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from pydantic import JsonValue

from penguiflow.safe_text import safe_text
from penguiflow.tools._http.operations import JsonObject, as_list, as_object

MAX_PARTS: Final = 200_000
"""Parts of schemas that are converted for one document."""

MAX_DEPTH: Final = 32
MAX_DEFINITIONS: Final = 200
"""Definitions one tool may need."""

_MAX_HOPS = 20
_MAX_TEXT_CHARS = 2000
_Hidden: TypeAlias = Literal["readOnly", "writeOnly"]

_KEPT = frozenset({
    "type", "enum", "const", "default", "format", "pattern", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems",
    "minProperties", "maxProperties", "required", "dependentRequired", "deprecated", "examples",
    "contentEncoding", "contentMediaType", "minContains", "maxContains",
})  # fmt: skip
_TEXTS = frozenset({"title", "description"})
_ONE = frozenset({
    "items", "not", "additionalProperties", "contains", "propertyNames", "if", "then", "else",
    "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
_SEVERAL = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})


class SchemaSource:
    """Converts the schemas of one document.

    `hidden` marks the properties left out: what a request must not hold is `readOnly`. With `old_keywords`
    the schemas are those of OpenAPI 3.0: `nullable`, and `exclusiveMinimum` as a flag.
    """

    def __init__(self, document: JsonValue, *, hidden: _Hidden, old_keywords: bool = False) -> None:
        self._document = document
        self._hidden = hidden
        self._old_keywords = old_keywords
        self._parts_left = MAX_PARTS
        self._names: dict[str, str] = {}
        self._pointers: dict[str, str] = {}
        self._definitions: dict[str, tuple[JsonValue, Sequence[str]]] = {}

    def resolve(self, value: JsonValue) -> JsonObject:
        """Return the object itself, or the one its reference leads to; empty when there is none."""
        for _ in range(_MAX_HOPS):
            if not isinstance(value, dict):
                break
            reference = value.get("$ref")
            if not isinstance(reference, str):
                return value
            value = self._at(reference)
        return {}

    def hides(self, schema: JsonValue) -> bool:
        """Whether a property is left out."""
        return as_object(schema).get(self._hidden) is True

    def standalone(self, schema: JsonObject) -> dict[str, JsonValue]:
        """Return a converted schema together with every definition that it needs.

        One that needs too many says only which properties there are.
        """
        needed: dict[str, JsonValue] = {}
        waiting = _references(schema)
        while waiting:
            if len(waiting) > MAX_DEFINITIONS:
                return _loose(schema)
            following: dict[str, None] = {}
            for name in waiting:
                needed[name], references = self._definition(name)
                following.update(dict.fromkeys(references))
            waiting = [name for name in following if name not in needed]
            if len(needed) > MAX_DEFINITIONS:
                return _loose(schema)
        return {**schema, "$defs": needed} if needed else dict(schema)

    def convert(self, schema: JsonValue, depth: int = 0) -> dict[str, JsonValue]:
        """Return a schema without what only OpenAPI knows; references name definitions of `standalone`."""
        self._parts_left -= 1
        if schema is False:
            return {"not": {}}
        if not isinstance(schema, dict) or depth > MAX_DEPTH or self._parts_left < 0:
            return {}
        converted: dict[str, JsonValue] = {}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            converted.update(self._reference(reference))
        for keyword, value in schema.items():
            self._convert_keyword(converted, keyword, value, depth)
        self._drop_hidden(converted, schema)
        return self._modernised(converted, schema) if self._old_keywords else converted

    def _convert_keyword(
        self, converted: dict[str, JsonValue], keyword: str, value: JsonValue, depth: int
    ) -> None:
        if keyword in _KEPT:
            converted[keyword] = value
        elif keyword in _TEXTS and isinstance(value, str):
            converted[keyword] = safe_text(value, max_chars=_MAX_TEXT_CHARS)
        elif keyword == "items" and isinstance(value, list):
            converted["prefixItems"] = [self.convert(part, depth + 1) for part in value]
        elif keyword in _ONE:
            converted[keyword] = value if isinstance(value, bool) else self.convert(value, depth + 1)
        elif keyword in _SEVERAL and isinstance(value, list):
            converted[keyword] = [self.convert(part, depth + 1) for part in value]
        elif keyword in _NAMED and isinstance(value, dict):
            converted[keyword] = {name: self.convert(part, depth + 1) for name, part in value.items()}
        elif keyword == "example" and "examples" not in converted:
            converted["examples"] = [value]

    def _drop_hidden(self, converted: dict[str, JsonValue], schema: JsonObject) -> None:
        properties = converted.get("properties")
        if not isinstance(properties, dict):
            return
        hidden = {name for name, part in as_object(schema.get("properties")).items() if self.hides(part)}
        for name in hidden:
            del properties[name]
        required = converted.get("required")
        if hidden and isinstance(required, list):
            converted["required"] = [name for name in required if name not in hidden]

    def _modernised(self, converted: dict[str, JsonValue], schema: JsonObject) -> dict[str, JsonValue]:
        for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            if isinstance(converted.get(flag), bool):
                is_exclusive = converted.pop(flag)
                if is_exclusive and bound in converted:
                    converted[flag] = converted.pop(bound)
        return _with_null(converted) if schema.get("nullable") is True else converted

    def _reference(self, reference: str) -> dict[str, JsonValue]:
        if not isinstance(self._at(reference), dict):
            return {}
        return {"$ref": f"#/$defs/{self._name_of(reference)}"}

    def _name_of(self, reference: str) -> str:
        if reference not in self._names:
            last = reference.rpartition("/")[2].strip("#") or "Self"
            name = "".join(char if char.isalnum() or char in "._-" else "_" for char in last)
            free = name
            number = 2
            while free in self._pointers:
                free = f"{name}_{number}"
                number += 1
            self._names[reference] = free
            self._pointers[free] = reference
        return self._names[reference]

    def _definition(self, name: str) -> tuple[JsonValue, Sequence[str]]:
        """Return a definition and the names of those it refers to."""
        if name not in self._definitions:
            converted = self.convert(self._at(self._pointers[name]))
            self._definitions[name] = converted, _references(converted)
        return self._definitions[name]

    def _at(self, reference: str) -> JsonValue:
        """Return the part of the document a reference points to; None for another document."""
        if not reference.startswith("#"):
            return None
        part = self._document
        for word in reference.removeprefix("#").split("/")[1:]:
            key = word.replace("~1", "/").replace("~0", "~")
            if isinstance(part, dict):
                part = part.get(key)
            elif isinstance(part, list) and key.isdecimal() and int(key) < len(part):
                part = part[int(key)]
            else:
                return None
        return part


def _with_null(schema: dict[str, JsonValue]) -> dict[str, JsonValue]:
    kind = schema.get("type")
    if not isinstance(kind, str):
        about: dict[str, JsonValue] = {
            key: schema.pop(key) for key in ("description", "title") if key in schema
        }
        return {**about, "anyOf": [schema, {"type": "null"}]} if schema else about
    schema["type"] = [kind, "null"]
    enum = schema.get("enum")
    if isinstance(enum, list) and None not in enum:
        schema["enum"] = [*enum, None]
    return schema


def _loose(schema: JsonObject) -> dict[str, JsonValue]:
    loose = {
        keyword: value for keyword, value in schema.items() if keyword in ("type", "required", "description")
    }
    properties = {name: dict[str, JsonValue]() for name in as_object(schema.get("properties"))}
    return {**loose, "properties": dict(properties)} if properties else loose


def _references(schema: JsonObject) -> Sequence[str]:
    """Return the names of the definitions that a converted schema refers to directly, each once."""
    names: dict[str, None] = {}
    waiting: list[JsonValue] = [dict(schema)]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, dict):
            continue
        reference = part.get("$ref")
        if isinstance(reference, str):
            names[reference.removeprefix("#/$defs/")] = None
        waiting += [part[keyword] for keyword in _ONE if keyword in part]
        for keyword in _SEVERAL:
            waiting += as_list(part.get(keyword))
        for keyword in _NAMED:
            waiting += as_object(part.get(keyword)).values()
    return tuple(names)
