"""Parts of a JSON schema as Python types that pydantic validates. Bounded in depth and in number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import GenericAlias
from typing import Annotated, Any, Final, Literal, TypeAlias, Union

from pydantic import BaseModel, Field, JsonValue, TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic_core import SchemaError

MAX_DEPTH: Final = 8
MAX_PARTS: Final = 500
"""Beyond either, a part is any JSON value: references that meet each other multiply."""

_MAX_OPTIONS: Final = 32
_MAX_LOOKS: Final = 10 * MAX_PARTS
"""How often a part of one schema is asked whether it may be null."""

JsonSchema: TypeAlias = Mapping[str, JsonValue]
PartType: TypeAlias = Any
"""A type made at run time: it may be a class, a union, a Literal or an Annotated."""

_ANYTHING: PartType = JsonValue
_NUMBER_BOUNDS: Final = {"minimum": "ge", "maximum": "le", "exclusiveMinimum": "gt", "exclusiveMaximum": "lt"}
_LENGTHS: Final = {
    "string": {"minLength": "min_length", "maxLength": "max_length"},
    "array": {"minItems": "min_length", "maxItems": "max_length"},
}


class SchemaTypes:
    """Converts the parts of one schema; `make_model` builds the type of an object with properties."""

    def __init__(
        self,
        root: JsonSchema,
        make_model: Callable[[str, JsonSchema, SchemaTypes, int], type[BaseModel]],
    ) -> None:
        self._root = root
        self._make_model = make_model
        self._parts_left = MAX_PARTS
        self._looks_left = _MAX_LOOKS

    def type_of(self, schema: JsonValue, depth: int) -> PartType:
        """Return the type of a part; any JSON value where the schema says nothing we understand."""
        self._parts_left -= 1
        if not isinstance(schema, dict) or depth > MAX_DEPTH or self._parts_left < 0:
            return _ANYTHING
        if "$ref" in schema:
            return self.type_of(self._target(schema["$ref"]), depth + 1)
        if "enum" in schema or "const" in schema:
            return _literal(schema.get("enum", [schema.get("const")]))
        for keyword in ("anyOf", "oneOf"):
            if keyword in schema:
                return self._union(schema[keyword], depth)
        all_of = schema.get("allOf")
        if isinstance(all_of, list):
            return self.type_of(all_of[0], depth + 1) if len(all_of) == 1 else _ANYTHING
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._union([{**schema, "type": one} for one in kind], depth)
        return self._of_kind(kind if isinstance(kind, str) else None, schema, depth)

    def allows_null(self, schema: JsonValue, depth: int = 0) -> bool:
        """Whether `null` is a value of the part, as far as can be seen."""
        self._looks_left -= 1
        if not isinstance(schema, dict) or depth > MAX_DEPTH or self._looks_left < 0:
            return True
        if "$ref" in schema:
            return self.allows_null(self._target(schema["$ref"]), depth + 1)
        for keyword in ("anyOf", "oneOf"):
            options = schema.get(keyword)
            if isinstance(options, list):
                return any(self.allows_null(option, depth + 1) for option in options[:_MAX_OPTIONS])
        enum = schema.get("enum")
        if isinstance(enum, list):
            return None in enum
        kind = schema.get("type")
        return kind in (None, "null") or (isinstance(kind, list) and "null" in kind)

    def _of_kind(self, kind: str | None, schema: JsonSchema, depth: int) -> PartType:
        match kind:
            case "string":
                return _bounded(str, {**_lengths("string", schema), **_pattern(schema)})
            case "integer":
                return _bounded(int, _number_bounds(schema))
            case "number":
                # int first, so that 3 is not sent as 3.0
                return _bounded(Union[int, float], _number_bounds(schema))  # noqa: UP007 a value, not a hint
            case "boolean":
                return bool
            case "null":
                return None
            case "array":
                items = self.type_of(schema.get("items"), depth + 1)
                return _bounded(GenericAlias(list, (items,)), _lengths("array", schema))
            case "object":
                return self._object(schema, depth)
            case _:
                return _ANYTHING

    def _object(self, schema: JsonSchema, depth: int) -> PartType:
        if schema.get("properties"):
            return self._make_model("Object", schema, self, depth)
        values = self.type_of(schema.get("additionalProperties"), depth + 1)
        return GenericAlias(dict, (str, values))

    def _union(self, options: JsonValue, depth: int) -> PartType:
        if not isinstance(options, list) or not 0 < len(options) <= _MAX_OPTIONS:
            return _ANYTHING
        members = [self.type_of(option, depth + 1) for option in options]
        return _ANYTHING if _ANYTHING in members else Union[tuple(members)]  # noqa: UP007 made at run time

    def _target(self, reference: JsonValue) -> JsonValue:
        """Follow a reference inside the schema; None for any other, which is never fetched."""
        if not isinstance(reference, str) or not reference.startswith("#"):
            return None
        target: JsonValue = dict(self._root)
        for step in reference[1:].split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            target = target.get(key) if isinstance(target, dict) else None
        return target


def _literal(values: JsonValue) -> PartType:
    if not isinstance(values, list) or not values:
        return _ANYTHING
    if not all(value is None or isinstance(value, (str, int)) for value in values):
        return _ANYTHING
    return Literal[tuple(values)]


def _number_bounds(schema: JsonSchema) -> dict[str, JsonValue]:
    return {
        bound: value
        for keyword, bound in _NUMBER_BOUNDS.items()
        if isinstance(value := schema.get(keyword), (int, float)) and not isinstance(value, bool)
    }


def _lengths(kind: Literal["string", "array"], schema: JsonSchema) -> dict[str, JsonValue]:
    return {
        bound: value
        for keyword, bound in _LENGTHS[kind].items()
        if isinstance(value := schema.get(keyword), int) and not isinstance(value, bool) and value >= 0
    }


def _pattern(schema: JsonSchema) -> dict[str, JsonValue]:
    """Return the pattern if pydantic's engine, which takes linear time, understands it."""
    pattern = schema.get("pattern")
    if not isinstance(pattern, str):
        return {}
    try:
        TypeAdapter(Annotated[str, Field(pattern=pattern)])
    except (PydanticUserError, SchemaError):
        return {}
    return {"pattern": pattern}


def _bounded(base: PartType, bounds: Mapping[str, Any]) -> PartType:
    # The values are those `Field` declares one by one; a mapping of them has no narrower type.
    return Annotated[base, Field(**bounds)] if bounds else base
