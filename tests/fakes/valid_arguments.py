"""Arguments that a JSON schema allows: the fewest, and the most. Deterministic."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Schema = Mapping[str, Any]  # a JSON schema as it comes from a server

LEFT_OUT: Any = object()
"""In the place of a known value: this argument is not given together with the others."""

_TEXT = "Zoë 'quoted' \"text\" 🙂"


def valid_arguments(
    schema: Schema, known: Mapping[str, Any], *, always: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return arguments with only the properties that are required or given always, and with all of them.

    `known` says by property name what makes sense where any value of the type would not.
    """
    required = schema.get("required", ())
    properties: Mapping[str, Schema] = schema.get("properties", {})
    everything = {name: known.get(name, _value(part, known)) for name, part in properties.items()}
    values = {name: value for name, value in everything.items() if value is not LEFT_OUT}
    fewest = {name: value for name, value in values.items() if name in required or name in always}
    return [fewest, values] if values != fewest else [fewest]


def _value(schema: Schema, known: Mapping[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][-1]
    if "anyOf" in schema:
        return _value(schema["anyOf"][0], known)
    kinds: Any = schema.get("type")
    match kinds if isinstance(kinds, str) else next(iter(kinds or ("string",))):
        case "boolean":
            return True
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "array":
            return [_value(schema.get("items", {}), known)]
        case "object":
            return valid_arguments(schema, known)[-1]
        case "null":
            return None
        case _:
            return _TEXT
