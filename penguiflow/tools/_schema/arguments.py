"""A pydantic model for the arguments of a tool that another program describes by a JSON schema.

The model's own JSON schema is the server's, word for word except for hidden characters in texts, so the
language model sees enums, bounds, defaults and descriptions. Its validation covers types, required
properties, enums, bounds and nested objects; what it does not understand (conditions, remote references,
very deep or very large parts) it lets through for the server to judge. Nothing is ever fetched.

Only what was given is dumped: an argument left out stays out, also if the schema has a default for it.
"""

from __future__ import annotations

import json
from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, JsonValue, create_model
from pydantic.errors import PydanticUserError
from pydantic_core import SchemaError

from penguiflow.tools._schema.lazy import LazyModel, lazy_subclass, refer_to_built
from penguiflow.tools._schema.objects import object_model
from penguiflow.tools._schema.texts import shown_schema
from penguiflow.tools._schema.types import MAX_PARTS, JsonSchema, SchemaTypes

MAX_SCHEMA_CHARS: Final = 100_000
"""A larger schema is replaced by "any object": it would fill the context of the model."""

_ANY_OBJECT: Final[JsonSchema] = {"type": "object"}


class ServerArguments(LazyModel):
    """Arguments of a tool of a server; `origin` is the connection they came from."""

    model_config = ConfigDict(extra="allow")

    origin: ClassVar[object] = None
    server_schema: ClassVar[JsonSchema] = _ANY_OBJECT

    @classmethod
    def model_json_schema(cls, *args: object, **kwargs: object) -> dict[str, Any]:
        """Return a copy of the server's schema; `Any` is the return type of the base class."""
        return _usable_schema(cls.server_schema)

    @classmethod
    def build(cls) -> type[BaseModel]:
        """Return the model with the fields of the schema, or without any where the server has to judge."""
        schema = _usable_schema(cls.server_schema)
        properties: JsonValue = schema.get("properties")
        if isinstance(properties, dict) and len(properties) > MAX_PARTS:
            return _with_fields(cls, _ANY_OBJECT)
        try:
            return _with_fields(cls, schema)
        except (PydanticUserError, SchemaError, TypeError, ValueError, RecursionError):
            return _with_fields(cls, _ANY_OBJECT)


class ServerResult(LazyModel):
    """What a call of an external tool returns: any JSON value."""

    result: Any = None

    @classmethod
    def build(cls) -> type[BaseModel]:
        return create_model(cls.__name__, __base__=cls, result=(Any, None))


refer_to_built(ServerArguments)
refer_to_built(ServerResult)


def arguments_model(class_name: str, schema: JsonSchema, *, origin: object) -> type[ServerArguments]:
    """Return the model for a tool's input schema; an unusable schema gives one that accepts any object."""
    model = lazy_subclass(class_name, ServerArguments)
    model.server_schema = schema
    model.origin = origin
    return model


def result_model(class_name: str) -> type[ServerResult]:
    """Return the model for what a tool returns."""
    return lazy_subclass(class_name, ServerResult)


def _with_fields(model: type[ServerArguments], schema: JsonSchema) -> type[BaseModel]:
    return object_model(model.__name__, schema, SchemaTypes(schema, object_model), depth=0, base=model)


def _usable_schema(schema: JsonSchema) -> dict[str, Any]:
    """Return the schema with safe texts; "any object" when it cannot be used."""
    try:
        if len(json.dumps(schema)) <= MAX_SCHEMA_CHARS:
            return shown_schema(schema)
    except (TypeError, ValueError, RecursionError):
        pass
    return dict(_ANY_OBJECT)
