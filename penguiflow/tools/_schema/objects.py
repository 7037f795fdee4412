"""A pydantic model for an object with properties: all arguments of a tool, or an object in them."""

from __future__ import annotations

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

from penguiflow.safe_text import safe_text
from penguiflow.tools._schema.types import JsonSchema, SchemaTypes

_MAX_DESCRIPTION_CHARS: Final = 2000


class GivenArguments(BaseModel):
    """Dumps what was given, and takes `null` as left out where the schema has no `null`."""

    model_config = ConfigDict(
        extra="allow",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        protected_namespaces=(),
        defer_build=False,
    )

    never_null: ClassVar[frozenset[str]] = frozenset()

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
        for name, field in type(self).__pydantic_fields__.items():
            if name not in self.model_fields_set:
                dumped.pop(field.alias or name, None)
        return dumped


class _ClosedArguments(GivenArguments):
    """As `GivenArguments`, where the schema allows no other properties."""

    model_config = ConfigDict(extra="forbid")


def object_model(
    class_name: str,
    schema: JsonSchema,
    types: SchemaTypes,
    depth: int,
    base: type[BaseModel] | None = None,
) -> type[GivenArguments]:
    """Return the model of an object; a subclass of `base` too, if that is given.

    Raises:
        PydanticUserError, SchemaError, TypeError, ValueError, RecursionError: the schema makes no sense.
    """
    properties = schema.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    required = schema.get("required")
    required = required if isinstance(required, list) else []
    given = _ClosedArguments if schema.get("additionalProperties") is False else GivenArguments
    fields: dict[str, Any] = {}  # pairs of a type and what `Field` returns; `create_model` takes Any
    never_null: set[str] = set()
    for name, part in properties.items():
        annotation = types.type_of(part, depth + 1)
        field_name = _field_name(name, taken=fields)
        described = _described(part, alias=name if field_name != name else None)
        if name in required:
            fields[field_name] = (annotation, Field(**described))
            continue
        # The default is what an argument left out reads as; it is not sent. A None that is given where the
        # schema has no null never gets to the field.
        default = part.get("default") if isinstance(part, dict) else None
        fields[field_name] = (Optional[annotation], Field(default, **described))  # noqa: UP045 made at run time
        if not types.allows_null(part):
            never_null.add(name)
    made = create_model(class_name, __base__=(base, given) if base is not None else given, **fields)
    model = cast("type[GivenArguments]", made)  # one of the bases, which the type of `create_model` forgets
    model.never_null = frozenset(never_null)
    return model


def _described(part: JsonValue, *, alias: str | None) -> dict[str, Any]:
    """Return what `Field` takes by keyword, each of another type."""
    text = part.get("description") if isinstance(part, dict) else None
    description = safe_text(text, max_chars=_MAX_DESCRIPTION_CHARS) if isinstance(text, str) else None
    return {"alias": alias, "description": description}


def _field_name(property_name: str, *, taken: Mapping[str, object]) -> str:
    """Return the name itself, or another where it would hide something of the model class."""
    name = property_name
    if name.startswith("_") or hasattr(GivenArguments, name) or name in _OF_THE_TOOL:
        name = f"{name.lstrip('_')}_"
    while name in taken:
        name += "_"
    return name


_OF_THE_TOOL: Final = frozenset({"origin", "server_schema", "build", "built", "penguiflow_made"})
"""What the model of a tool has besides; it is made elsewhere."""
