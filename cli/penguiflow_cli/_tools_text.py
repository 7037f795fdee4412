"""The tools of a server as text: each argument with its type, `*` where it is required."""

from __future__ import annotations

import json
from collections.abc import Sequence

from penguiflow.safe_text import safe_line
from penguiflow_cli._tools_schema import JsonSchema, as_list, as_mapping

_DESCRIPTION_CHARS = 160
_CHOICES_SHOWN = 8


def tool_lines(name: str, description: str, schema: JsonSchema) -> list[str]:
    """Return a line for the tool and one per argument."""
    about = safe_line(description.strip(), max_chars=_DESCRIPTION_CHARS)
    required = as_list(schema.get("required")) or ()
    lines = [f" - {safe_line(name)}" + (f": {about}" if about else "")]
    for argument, part in (as_mapping(schema.get("properties")) or {}).items():
        mark = "*" if argument in required else ""
        lines.append(f"     {safe_line(str(argument))}{mark}: {_argument(part)}")
    return lines


def type_text(part: object) -> str:
    """Return the type of a schema in a few words; what is not understood is `any`."""
    schema = as_mapping(part)
    if schema is None:
        return "any"
    choices = as_list(schema.get("anyOf", schema.get("oneOf")))
    if choices is not None:
        return "|".join(dict.fromkeys(type_text(choice) for choice in choices))
    values = as_list(schema.get("enum"))
    if values is not None:
        return _enum_text(values)
    if isinstance(schema.get("$ref"), str):
        return str(schema["$ref"]).rpartition("/")[2]
    kind = schema.get("type")
    if kind == "array":
        return f"array of {type_text(schema['items'])}" if "items" in schema else "array"
    kinds = as_list(kind)
    return "|".join(str(each) for each in kinds) if kinds else str(kind or "any")


def _argument(part: object) -> str:
    text = type_text(part)
    schema = as_mapping(part) or {}
    if "default" in schema:
        text += f" = {json.dumps(schema['default'])}"
    if isinstance(schema.get("description"), str):
        text += f"  {schema['description']}"
    return safe_line(text, max_chars=_DESCRIPTION_CHARS)


def _enum_text(values: Sequence[object]) -> str:
    shown = "|".join(json.dumps(value) for value in values[:_CHOICES_SHOWN])
    return f"{shown}|..." if len(values) > _CHOICES_SHOWN else shown
