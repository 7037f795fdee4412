"""Which form of JSON is asked for: a schema where the model takes one, else just any JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

JsonObject: TypeAlias = Mapping[str, Any]
"""A JSON Schema or the response format around it; its values are any JSON."""

_Json: TypeAlias = "bool | float | str | Mapping[str, _Json] | list[_Json] | None"

# Providers refuse a schema with a keyword they do not know; the caller validates the reply anyway.
# fmt: off
_REFUSED_SOMEWHERE = frozenset({
    "exclusiveMaximum", "exclusiveMinimum", "format", "maxItems", "maxLength", "maxProperties", "maximum",
    "minItems", "minLength", "minProperties", "minimum", "multipleOf", "pattern", "uniqueItems",
})
# fmt: on
_HOLD_NAMED_SCHEMAS = frozenset({"properties", "$defs", "definitions"})

JsonForm: TypeAlias = Literal["schema", "object", "none"]
"""The most that may be asked for: JSON of a schema, any JSON object, or nothing beside the prompt."""

ANY_JSON_OBJECT: JsonObject = {"type": "json_object"}

_FORMS: tuple[JsonForm, ...] = ("none", "object", "schema")


def lesser(form: JsonForm, other: JsonForm) -> JsonForm:
    """Return the form that asks for less."""
    return form if _FORMS.index(form) < _FORMS.index(other) else other


def response_format_for(wanted: JsonObject | None, form: JsonForm) -> JsonObject | None:
    """Return what to send for the format a caller wants."""
    if wanted is None or form == "none":
        return None
    if wanted.get("type") != "json_schema":
        return wanted
    if form == "object":
        return ANY_JSON_OBJECT
    named = wanted["json_schema"]
    return {**wanted, "json_schema": {**named, "schema": without_refused_keywords(named["schema"])}}


def without_refused_keywords(schema: _Json) -> _Json:
    """Return the schema without keywords that bound lengths, sizes and numbers; fields keep their names."""
    if isinstance(schema, list):
        return [without_refused_keywords(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {
        key: {name: without_refused_keywords(part) for name, part in value.items()}
        if key in _HOLD_NAMED_SCHEMAS and isinstance(value, Mapping)
        else without_refused_keywords(value)
        for key, value in schema.items()
        if key not in _REFUSED_SOMEWHERE
    }
