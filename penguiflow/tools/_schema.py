"""A pydantic model for the arguments of a tool that another program describes by a JSON schema.

The model's own JSON schema is the server's, word for word, so the language model sees enums, bounds,
defaults and descriptions. Its validation covers types, required properties, enums, bounds and nested
objects; what it does not understand (conditions, remote references, very deep or very large parts) it lets
through for the server to judge. Nothing is ever fetched.

Only what was given is dumped: an argument left out stays out instead of becoming `null`.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Optional, cast

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SerializerFunctionWrapHandler,
    create_model,
    model_serializer,
    model_validator,
)
from pydantic.errors import PydanticUserError
from pydantic_core import SchemaError

from penguiflow.tools._schema_types import JsonSchema, SchemaTypes

MAX_SCHEMA_CHARS: Final = 100_000
"""A larger schema is replaced by "any object": it would fill the context of the model."""


class ServerArguments(BaseModel):
    """Arguments of a tool of a server, or one object in them; `origin` is the connection they came from."""

    model_config = ConfigDict(
        extra="allow",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        protected_namespaces=(),
    )

    origin: ClassVar[object] = None
    server_schema: ClassVar[JsonSchema] = {}
    never_null: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def model_json_schema(cls, *args: object, **kwargs: object) -> dict[str, Any]:
        """Return a copy of the server's schema; `Any` is the return type of the base class."""
        return copy.deepcopy(dict(cls.server_schema))

    @model_validator(mode="before")
    @classmethod
    def _null_means_left_out(cls, given: object) -> object:
        """Models write `null` for what they leave out; servers that do not expect it refuse it."""
        if not isinstance(given, Mapping):
            return given
        named = cast("Mapping[object, object]", given)  # what a mapping from outside holds is not known yet
        return {key: value for key, value in named.items() if value is not None or key not in cls.never_null}

    @model_serializer(mode="wrap")
    def _only_what_was_given(self, dump: SerializerFunctionWrapHandler) -> dict[str, JsonValue]:
        dumped: dict[str, JsonValue] = dump(self)
        for name, field in type(self).model_fields.items():
            if name not in self.model_fields_set:
                dumped.pop(field.alias or name, None)
        return dumped


class _ClosedArguments(ServerArguments):
    """As `ServerArguments`, where the schema allows no other properties."""

    model_config = ConfigDict(extra="forbid")


class ServerResult(BaseModel):
    """What a call of an external tool returns: any JSON value."""

    result: Any = None


def arguments_model(class_name: str, schema: JsonSchema, *, origin: object) -> type[ServerArguments]:
    """Return the model for a tool's input schema; an unusable schema gives one that accepts any object."""
    try:
        model = _described_model(class_name, schema)
    except (PydanticUserError, SchemaError, TypeError, ValueError, RecursionError):
        model = None
    if model is None:
        # The server judges the arguments then; refusing the tool would help nobody.
        model = create_model(class_name, __base__=ServerArguments)
        model.server_schema = {"type": "object"}
    model.origin = origin
    return model


def _described_model(class_name: str, schema: JsonSchema) -> type[ServerArguments] | None:
    if len(json.dumps(schema)) > MAX_SCHEMA_CHARS:
        return None
    model = _object_model(class_name, schema, SchemaTypes(schema, _object_model), depth=0)
    model.server_schema = schema
    return model


def _object_model(
    class_name: str, schema: JsonSchema, types: SchemaTypes, depth: int
) -> type[ServerArguments]:
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    required = schema.get("required")
    required = required if isinstance(required, list) else []
    base = _ClosedArguments if schema.get("additionalProperties") is False else ServerArguments
    fields: dict[str, Any] = {}  # pairs of a type and what `Field` returns; `create_model` takes Any
    never_null: set[str] = set()
    for name, part in properties.items():
        annotation = types.type_of(part, depth + 1)
        field_name = _field_name(name, taken=fields)
        alias = name if field_name != name else None
        if name in required:
            fields[field_name] = (annotation, Field(alias=alias))
            continue
        # None is what an argument left out reads as; a None that is given never gets to the field.
        fields[field_name] = (Optional[annotation], Field(None, alias=alias))  # noqa: UP045 made at run time
        if not types.allows_null(part):
            never_null.add(name)
    model = create_model(class_name, __base__=base, **fields)
    model.never_null = frozenset(never_null)
    return model


def _field_name(property_name: str, *, taken: Mapping[str, object]) -> str:
    """Return the name itself, or another where it would hide something of the model class."""
    name = property_name
    if name.startswith("_") or hasattr(ServerArguments, name):
        name = f"{name.lstrip('_')}_"
    while name in taken:
        name += "_"
    return name
