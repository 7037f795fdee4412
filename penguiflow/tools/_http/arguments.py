"""One object schema for all arguments of an operation: path, query, header, cookie, and body."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import cast, get_args

from pydantic import JsonValue

from penguiflow.safe_text import safe_text
from penguiflow.tools._http.operations import (
    Body,
    BodyKind,
    JsonObject,
    Location,
    Parameter,
    Style,
    as_list,
    as_object,
    as_text,
)
from penguiflow.tools._http.schemas import SchemaSource

# A location comes before another that has an argument of the same name, and keeps the name.
_LOCATIONS: tuple[Location, ...] = get_args(Location)
_DEFAULT_STYLES: dict[Location, Style] = {
    "path": "simple",
    "query": "form",
    "header": "simple",
    "cookie": "form",
}
_STYLES: frozenset[str] = frozenset(get_args(Style))
# What belongs to the connection or to authorisation, and is not for whoever calls a tool.
_NOT_FOR_CALLERS = frozenset({
    "accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "cookie",
    "expect", "host", "proxy-authorization", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
_MAX_TEXT_CHARS = 2000
_MAX_PARTS_OF_ONE_OBJECT = 20
_MAX_PARAMETERS = 200
_MAX_PROPERTIES = 200
_NOT_FLAT = frozenset({"anyOf", "oneOf", "not", "if", "patternProperties"})


@dataclass(slots=True, kw_only=True)
class Arguments:
    """The arguments of one operation while they are gathered."""

    properties: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    required: list[JsonValue] = field(default_factory=list[JsonValue])
    parameters: list[Parameter] = field(default_factory=list[Parameter])
    body: Body | None = None

    def schema(self) -> dict[str, JsonValue]:
        """Return the object schema; it is closed unless the body takes more."""
        schema: dict[str, JsonValue] = {"type": "object", "properties": self.properties}
        if self.required:
            schema["required"] = self.required
        if self.body is None or not self.body.takes_more:
            schema["additionalProperties"] = False
        return schema

    def add(self, name: str, schema: JsonValue, *, required: bool) -> None:
        """Add an argument."""
        self.properties[name] = schema
        if required:
            self.required.append(name)

    def free_name(self, name: str, other: str) -> str:
        """Return the name, or the other one when it is taken, numbered if that is taken as well."""
        free, number = name, 1
        while free in self.properties:
            free = other if number == 1 else f"{other}_{number}"
            number += 1
        return free


def gather_parameters(
    declared: Sequence[JsonObject], path: str, source: SchemaSource, *, given_headers: Collection[str]
) -> Arguments:
    """Return the arguments that are no body. Headers the connection sends anyway are no arguments."""
    arguments = Arguments()
    for location in _LOCATIONS:
        for part in (one for one in declared[:_MAX_PARAMETERS] if one.get("in") == location):
            name = as_text(part.get("name"))
            if location == "header" and name.lower() in _NOT_FOR_CALLERS.union(given_headers):
                continue
            if name and (location != "path" or f"{{{name}}}" in path):
                _add_parameter(arguments, part, name, location, source)
    known = {parameter.name for parameter in arguments.parameters if parameter.location == "path"}
    for name in names_in_path(path):
        if name not in known:
            _add_parameter(arguments, {"schema": {"type": "string"}}, name, "path", source)
    return arguments


def names_in_path(path: str) -> list[str]:
    """Return the names in braces of a path, each once."""
    return list(dict.fromkeys(part.partition("}")[0] for part in path.split("{")[1:] if "}" in part))


def _add_parameter(
    arguments: Arguments, part: JsonObject, name: str, location: Location, source: SchemaSource
) -> None:
    content = as_object(part.get("content"))
    declared = as_object(next(iter(content.values()), None)).get("schema") if content else part.get("schema")
    schema = source.convert(declared)
    if "description" in part and "description" not in schema:
        schema["description"] = safe_text(as_text(part["description"]), max_chars=_MAX_TEXT_CHARS)
    argument = arguments.free_name(name, f"{name}_{location}")
    style = as_text(part.get("style"))
    style = cast("Style", style) if style in _STYLES else _DEFAULT_STYLES[location]  # one of its values
    explode = part.get("explode")
    arguments.parameters.append(
        Parameter(
            argument=argument,
            name=name,
            location=location,
            style=style,
            explode=explode if isinstance(explode, bool) else style in ("form", "deepObject"),
            allow_reserved=part.get("allowReserved") is True,
            as_json=bool(content),
        )
    )
    arguments.add(argument, schema, required=location == "path" or part.get("required") is True)


def add_body(arguments: Arguments, request_body: JsonObject, source: SchemaSource) -> None:
    """Add the arguments of the body: its properties, or all of it as one where that is not possible."""
    content = as_object(request_body.get("content"))
    if not content:
        return
    media_type = min(content, key=lambda name: _KINDS.index(_kind_of(name)))
    kind = _kind_of(media_type)
    schema = as_object(content[media_type]).get("schema")
    required = request_body.get("required") is True
    properties = None if kind in ("text", "bytes") else _flat_properties(schema, source)
    if properties is not None and arguments.properties.keys().isdisjoint(properties):
        _add_fields(arguments, schema, properties, Body(kind=kind, media_type=media_type), source, required)
        return
    whole = arguments.free_name("body", "request_body")
    part = source.convert(schema)
    if kind == "bytes":
        part = {"description": "the bytes, as base64", **part, "type": "string", "contentEncoding": "base64"}
    if "description" in request_body:
        text = safe_text(as_text(request_body["description"]), max_chars=_MAX_TEXT_CHARS)
        part.setdefault("description", text)
    arguments.body = Body(kind=kind, media_type=media_type, required=required, whole=whole)
    arguments.add(whole, part, required=required)


def _add_fields(
    arguments: Arguments,
    schema: JsonValue,
    properties: JsonObject,
    body: Body,
    source: SchemaSource,
    required: bool,
) -> None:
    needed = _required_of(schema, source) if required else frozenset[str]()
    packed = frozenset(name for name, part in properties.items() if _is_file(source.resolve(part)))
    for name, part in properties.items():
        if source.hides(part):
            continue
        converted = source.convert(part)
        if name in packed and body.kind == "multipart":
            converted = {**converted, "contentEncoding": "base64"}
            converted.setdefault("description", "the bytes of the file, as base64")
        arguments.add(name, converted, required=name in needed)
    arguments.body = Body(
        kind=body.kind,
        media_type=body.media_type,
        required=required,
        fields={name: name for name in properties},
        takes_more=all(
            part.get("additionalProperties") is not False for part in _parts(schema, source) or ()
        ),
        packed=packed,
    )


def _flat_properties(schema: JsonValue, source: SchemaSource) -> JsonObject | None:
    """Return the properties of an object, or None if it is no object that is known by its properties."""
    parts = _parts(schema, source)
    if parts is None:
        return None
    properties = {name: part for one in parts for name, part in as_object(one.get("properties")).items()}
    return properties or None


def _required_of(schema: JsonValue, source: SchemaSource) -> frozenset[str]:
    parts = _parts(schema, source) or ()
    return frozenset(as_text(name) for one in parts for name in as_list(one.get("required")))


def _parts(schema: JsonValue, source: SchemaSource) -> list[JsonObject] | None:
    """Return the objects that `allOf` joins, or the one object; None where the schema says more than that."""
    waiting, parts = [schema], list[JsonObject]()
    while waiting:
        part = source.resolve(waiting.pop(0))
        kind = part.get("type", "object")
        may_be_null = part.get("nullable") is True or kind != "object"
        if may_be_null or not part or not _NOT_FLAT.isdisjoint(part) or len(parts) > _MAX_PARTS_OF_ONE_OBJECT:
            return None
        if part.get("additionalProperties") not in (None, False):
            return None
        if len(as_object(part.get("properties"))) > _MAX_PROPERTIES:
            return None
        parts.append(part)
        waiting += as_list(part.get("allOf"))
    return parts


_KINDS: tuple[BodyKind, ...] = get_args(BodyKind)


def _kind_of(media_type: str) -> BodyKind:
    plain = media_type.partition(";")[0].strip().lower()
    if plain in ("application/json", "*/*") or plain.endswith("+json"):
        return "json"
    if plain == "application/x-www-form-urlencoded":
        return "form"
    if plain == "multipart/form-data":
        return "multipart"
    return "text" if plain.startswith("text/") or plain.endswith("xml") else "bytes"


def _is_file(schema: JsonObject) -> bool:
    return as_text(schema.get("format")) in ("binary", "byte") or "contentMediaType" in schema
