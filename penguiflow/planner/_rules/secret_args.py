"""Arguments that the author of a tool marks as secrets: the tool gets them, and nobody else reads them.

A field of type `SecretStr` or `SecretBytes` is one, and so is one whose JSON schema says `"writeOnly": true`
or `"format": "password"`. In what is told, shown and stored `[redacted]` stands in the place of a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from penguiflow._redaction.calls import hide_in_calls
from penguiflow._redaction.json_values import is_list, is_object
from penguiflow._redaction.marked import Schema, has_marks, hide_marked, marked_texts
from penguiflow.catalog import NodeSpec
from penguiflow.planner._json import Json, JsonObject
from penguiflow.planner._prompts.tools import args_schema
from penguiflow.redaction import NOT_STORED, REDACTED

Tools = Mapping[str, NodeSpec]
"""Specs by the names the model uses."""


@lru_cache(maxsize=1024)
def marked_schema(model: type[BaseModel]) -> Schema | None:
    """Return the schema of a tool's arguments when it marks secrets, else None."""
    try:
        schema = args_schema(model)
    except Exception:  # noqa: BLE001 - a model without a schema cannot have marked anything in it
        return None
    if not has_marks(schema):
        return None
    properties: dict[str, Json] = dict(schema.get("properties", {}))
    for name, field in model.model_fields.items():
        described = next((properties[each] for each in _names(field) if each in properties), None)
        if described is not None:
            properties |= {each: described for each in (name, *_names(field)) if each not in properties}
    return {**schema, "properties": properties}


def is_secret(model: type[BaseModel], name: str) -> bool:
    """Return whether an argument, named as in the schema, is or holds a secret."""
    schema = marked_schema(model)
    return schema is not None and has_marks(schema["properties"].get(name))


def hidden_args(spec: NodeSpec, args: JsonObject, shown: str = REDACTED) -> JsonObject:
    """Return the arguments of a call as they may be shown."""
    schema = marked_schema(spec.args_model)
    hidden: JsonObject = args if schema is None else hide_marked(schema, args, shown)
    return hidden


def hidden_calls(value: Json, tools: Tools, shown: str = REDACTED) -> Json:
    """Return any JSON, an action for instance, with the arguments of each call in it as they may be shown."""
    if all(marked_schema(spec.args_model) is None for spec in tools.values()):
        return value
    by_name = {spec.name: spec for spec in tools.values()} | dict(tools)

    def schemas_of(name: str) -> list[Schema]:
        spec = by_name.get(name)
        schema = marked_schema(spec.args_model) if spec is not None else None
        return [] if schema is None else [schema]

    return hide_in_calls(value, schemas_of, shown)


def shown_args(node: str, args: JsonObject, tools: Tools) -> JsonObject:
    """Return the arguments of one call as they may be shown; a plan's hold calls of their own."""
    shown: JsonObject = hidden_calls({"node": node, "args": args}, tools)["args"]
    return shown


def secret_texts(spec: NodeSpec, args: JsonObject) -> Iterator[str]:
    """Yield the secrets in the arguments of a call."""
    schema = marked_schema(spec.args_model)
    if schema is not None:
        yield from marked_texts(schema, args)


def holds_placeholder(spec: NodeSpec, args: JsonObject) -> bool:
    """Return whether what is shown in the place of a secret was given instead of one."""
    return REDACTED in secret_texts(spec, args)


def not_stored(value: Json, path: str = "") -> Iterator[str]:
    """Yield the paths of secrets that were left out when the run was stored while it waited."""
    if isinstance(value, str):
        if NOT_STORED in value:
            yield path
        return
    items = value.items() if is_object(value) else enumerate(value) if is_list(value) else ()
    for key, item in items:
        yield from not_stored(item, f"{path}.{key}" if path else str(key))


def _names(field: FieldInfo) -> list[str]:
    """Return the names besides its own under which a field is given."""
    given = (field.alias, field.validation_alias)
    choices = [name for each in given if isinstance(each, AliasChoices) for name in each.choices]
    return [name for name in (*given, *choices) if isinstance(name, str)]
