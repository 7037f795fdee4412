"""The parts of a JSON schema that matter to a person who types arguments. Nothing in it is trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

JsonSchema: TypeAlias = Mapping[str, Any]
"""A JSON schema as a server sent it: anything may be in it."""

_MAX_REFERENCES: Final = 16
_MAX_OPTIONS: Final = 32


@dataclass(frozen=True, slots=True)
class SchemaPart:
    """One part of a schema, with the whole it may refer to."""

    root: JsonSchema
    part: JsonSchema

    @classmethod
    def whole(cls, schema: JsonSchema) -> SchemaPart:
        """Return the part that is the schema itself."""
        return cls(schema, _resolved(schema, schema))

    def at(self, part: object) -> SchemaPart:
        """Return another part of the same schema; what is no schema allows anything."""
        return SchemaPart(self.root, _resolved(self.root, as_mapping(part) or {}))

    @property
    def options(self) -> Sequence[SchemaPart]:
        """The parts of which one has to fit; itself when there is no choice."""
        for keyword in ("anyOf", "oneOf"):
            if (options := as_list(self.part.get(keyword))) is not None:
                return [option for each in options[:_MAX_OPTIONS] for option in (self.at(each),)]
        kinds = as_list(self.part.get("type"))
        if kinds is not None:
            return [self.at({**self.part, "type": kind}) for kind in kinds[:_MAX_OPTIONS]]
        only = as_list(self.part.get("allOf"))
        if only is not None and len(only) == 1:
            return [self.at({**self.part, "allOf": None, **(as_mapping(only[0]) or {})})]
        return [self]

    @property
    def kind(self) -> str | None:
        """The JSON type of the part, if it says one."""
        kind = self.part.get("type")
        if isinstance(kind, str):
            return kind
        return "object" if "properties" in self.part else None

    @property
    def kinds(self) -> frozenset[str | None]:
        """The JSON types that are allowed; None among them when anything may be."""
        return frozenset(option.kind for option in self.options)

    @property
    def choices(self) -> Sequence[object] | None:
        """The only values there are, if they are listed."""
        if "const" in self.part:
            return [self.part["const"]]
        return as_list(self.part.get("enum"))

    @property
    def properties(self) -> Mapping[str, Any]:
        """Name -> part of the members of an object, also of one that may be null."""
        for option in self.options:
            if (properties := as_mapping(option.part.get("properties"))) is not None:
                return properties
        return {}

    @property
    def required(self) -> Sequence[str]:
        """The members that must be there."""
        for option in self.options:
            if (names := as_list(option.part.get("required"))) is not None:
                return [name for name in names if isinstance(name, str)]
        return []

    @property
    def takes_other_members(self) -> bool:
        """Whether an object says that members it does not list are welcome, or lists none at all."""
        others = self.part.get("additionalProperties")
        return isinstance(others, Mapping) or others is True or (others is None and not self.properties)

    @property
    def items(self) -> SchemaPart:
        """What the entries of a list are."""
        for option in self.options:
            if option.kind == "array":
                return self.at(option.part.get("items"))
        return self.at({})

    @property
    def is_secret(self) -> bool:
        """Whether the schema marks the value as one that nobody should see."""
        return self.part.get("writeOnly") is True or self.part.get("format") == "password"

    def member(self, name: str) -> SchemaPart:
        """Return the part of one member; anything when it is not listed."""
        properties = self.properties
        if name in properties:
            return self.at(properties[name])
        return self.at(self.part.get("additionalProperties"))


def _resolved(root: JsonSchema, part: JsonSchema) -> JsonSchema:
    """Follow references inside the schema; one that leads nowhere, or in a circle, allows anything."""
    for _ in range(_MAX_REFERENCES):
        reference = part.get("$ref")
        if not isinstance(reference, str):
            return part
        beside = {key: value for key, value in part.items() if key != "$ref"}
        part = {**(as_mapping(_target(root, reference)) or {}), **beside}
    return {}


def _target(root: JsonSchema, reference: str) -> object:
    if not reference.startswith("#"):
        return None
    target: object = root
    for step in reference[1:].split("/")[1:]:
        mapping = as_mapping(target)
        target = mapping.get(step.replace("~1", "/").replace("~0", "~")) if mapping is not None else None
    return target


# What comes out of JSON is a list or mapping of anything, which `isinstance` alone cannot say.


def as_mapping(value: object) -> JsonSchema | None:
    """Return the value if it is a JSON object."""
    return cast(JsonSchema, value) if isinstance(value, Mapping) else None


def as_list(value: object) -> Sequence[object] | None:
    """Return the value if it is a JSON list."""
    return cast(Sequence[object], value) if isinstance(value, list) else None
