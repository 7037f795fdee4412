"""How one tool is described to the model: what it takes in full, what it gives by field names only."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel

from penguiflow.catalog import NodeSpec
from penguiflow.planner._json import Json, JsonObject, is_json, is_list, is_object, json_text

# Under these keys the names are the author's own, so a field called `title` stays.
_NAMED_SCHEMAS = ("properties", "$defs")

# What the planner itself reads from `extra`.
_OWN_EXTRAS = frozenset({"arg_validation", "arg_validator", "tool_node"})


def describe_tool(shown_name: str, spec: NodeSpec) -> str:
    """Return the lines of one tool."""
    # A description may come from a server: on one line it cannot pass for another part of the prompt.
    desc = " ".join(spec.desc.split())
    lines = [
        f"- {shown_name} ({spec.side_effects}): {desc}",
        f"  args: {args_schema_text(spec.args_model)}",
    ]
    if fields := ", ".join(spec.out_model.model_fields):
        lines.append(f"  returns: {fields}")
    lines += [f"  {note}" for note in tool_notes(spec)]
    return "\n".join(lines)


def tool_notes(spec: NodeSpec) -> list[str]:
    """Return what the author says about a tool besides its description."""
    notes: dict[str, Any] = {
        "tags": ", ".join(spec.tags),
        "auth scopes": ", ".join(spec.auth_scopes),
        "cost": spec.cost_hint,
        "latency_ms": spec.latency_hint_ms,
        "safety": spec.safety_notes,
        "extra": _extra_text(spec.extra),
    }
    return [f"{label}: {note}" for label, note in notes.items() if note]


@lru_cache(maxsize=1024)
def args_schema(model: type[BaseModel]) -> Mapping[str, Any]:
    """Return the JSON schema of a tool's arguments without pydantic's generated titles."""
    schema = _without_titles(model.model_json_schema())
    schema.pop("type", None)
    schema.pop("description", None)
    return {"type": "object", **schema}


@lru_cache(maxsize=1024)
def args_schema_text(model: type[BaseModel]) -> str:
    """Return `args_schema` as the model reads it."""
    return json_text(args_schema(model))


def _without_titles(schema: Json) -> Json:
    if is_list(schema):
        return [_without_titles(part) for part in schema]
    if not is_object(schema):
        return schema
    shorter: JsonObject = {}
    for key, value in schema.items():
        if key in _NAMED_SCHEMAS and is_object(value):
            shorter[key] = {name: _without_titles(part) for name, part in value.items()}
        elif not (key == "title" and isinstance(value, str)):
            shorter[key] = _without_titles(value)
    return shorter


def _extra_text(extra: Mapping[str, Any]) -> str:
    shown = {key: value for key, value in extra.items() if key not in _OWN_EXTRAS and is_json(value)}
    return json_text(shown) if shown else ""
