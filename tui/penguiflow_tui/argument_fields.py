"""Arguments of a tool call as form fields, and back.

A field comes from a property of the tool's JSON schema. A value that nobody touched comes back exactly as
it was, whatever its text looks like; an argument that the schema does not know gets a field too, so a form
never loses one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from penguiflow.state.events import JsonObject
from penguiflow_tui.visible_json import has_hidden_characters, visible_json

FieldKind = Literal["text", "integer", "number", "choice", "json"]

_REFERENCES_FOLLOWED = 8
_MISSING: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class FormField:
    """One argument. `initial_text` is what the form shows first; `initial` the value behind it."""

    name: str
    kind: FieldKind
    required: bool
    type_label: str
    description: str = ""
    choices: tuple[str, ...] = ()
    initial_text: str = ""
    initial: Any = _MISSING  # any JSON value, or nothing when the call does not name the argument


@dataclass(frozen=True, slots=True, kw_only=True)
class FormReading:
    """What a form says: the arguments, and for each field that cannot be read, why."""

    args: JsonObject
    errors: Mapping[str, str]


def fields_of(schema: JsonObject, args: JsonObject) -> tuple[FormField, ...]:
    """Return the fields for a call with `args` of a tool with `schema`, in the schema's order."""
    return tuple(_fields(schema, args))


def _fields(schema: JsonObject, args: JsonObject) -> Iterator[FormField]:
    known = json_object(schema.get("properties")) or {}
    needed = _json_array(schema.get("required"))
    for name, prop in known.items():
        resolved = _resolved(json_object(prop) or {}, schema)
        yield _field(name, resolved, required=name in needed, value=args.get(name, _MISSING))
    for name, value in args.items():
        if name not in known:
            yield _field(name, {}, required=False, value=value)


def _resolved(prop: JsonObject, schema: JsonObject) -> JsonObject:
    """Follow local references and take the one real type out of "this or null"."""
    for _ in range(_REFERENCES_FOLLOWED):
        target: JsonObject | None = None
        if isinstance(reference := prop.get("$ref"), str):
            target = _definition(reference, schema)
        elif options := _json_array(prop.get("anyOf")):
            real = [option for each in options if (option := json_object(each) or {}).get("type") != "null"]
            target = real[0] if len(real) == 1 else None
        if target is None:
            return prop
        prop = {**target, **{key: value for key, value in prop.items() if key not in ("$ref", "anyOf")}}
    return prop


def _definition(reference: str, schema: JsonObject) -> JsonObject | None:
    node: JsonObject | None = schema
    for part in reference.removeprefix("#/").split("/"):
        node = None if node is None else json_object(node.get(part))
    return node


def json_object(value: object) -> JsonObject | None:
    """Return `value` if it is a JSON object."""
    # JSON has no other keys than texts.
    return cast("JsonObject", value) if isinstance(value, dict) else None


def _json_array(value: object) -> Sequence[object]:
    return cast("Sequence[object]", value) if isinstance(value, list) else ()


def _field(name: str, prop: JsonObject, *, required: bool, value: object) -> FormField:
    kind, choices = _kind(prop, value)
    description = prop.get("description")
    return FormField(
        name=name,
        kind=kind,
        required=required,
        type_label=_type_label(prop, kind),
        description=description if isinstance(description, str) else "",
        choices=choices,
        initial_text=_text_of(kind, value),
        initial=value,
    )


def _kind(prop: JsonObject, value: object) -> tuple[FieldKind, tuple[str, ...]]:
    choices = tuple(choice for choice in _json_array(prop.get("enum")) if isinstance(choice, str))
    if choices and len(choices) == len(_json_array(prop.get("enum"))):
        return ("choice", choices) if value is _MISSING or value in choices else ("json", ())
    match prop.get("type"):
        case "boolean" if value is _MISSING or isinstance(value, bool):
            return "choice", ("true", "false")
        case "integer" if value is _MISSING or _is_number(value):
            return "integer", ()
        case "number" if value is _MISSING or _is_number(value):
            return "number", ()
        case "string" | None if isinstance(value, str) and not has_hidden_characters(value):
            return "text", ()
        case "string" if value is _MISSING:
            return "text", ()
        case _:
            return "json", ()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _type_label(prop: JsonObject, kind: FieldKind) -> str:
    declared = prop.get("type")
    label = declared if isinstance(declared, str) else kind
    return f"{label} as JSON" if kind == "json" and label not in ("json", "object", "array") else label


def _text_of(kind: FieldKind, value: object) -> str:
    if value is _MISSING:
        return ""
    if kind == "text":
        return str(value)
    if kind == "choice":
        return str(value).lower() if isinstance(value, bool) else str(value)
    return visible_json(value)


def read_form(fields: Sequence[FormField], texts: Mapping[str, str]) -> FormReading:
    """Return the arguments that the form's `texts` stand for; a field without a text is as it was."""
    args: JsonObject = {}
    errors: dict[str, str] = {}
    for field in fields:
        text = texts.get(field.name, field.initial_text)
        try:
            value = field.initial if text == field.initial_text else _value_of(field, text)
        except ValueError as exc:
            errors[field.name] = str(exc)
            continue
        if value is not _MISSING:
            args[field.name] = value
        elif field.required:
            errors[field.name] = "is needed"
    return FormReading(args=args, errors=errors)


def _value_of(field: FormField, text: str) -> object:
    if field.kind == "text":
        return text if text or field.required or field.initial is not _MISSING else _MISSING
    if not text.strip():
        return _MISSING
    match field.kind:
        case "choice":
            return text == "true" if field.choices == ("true", "false") else text
        case "integer":
            return _integer(text)
        case "number":
            return _number(text)
        case "json":
            return read_json(text)


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("must be a whole number") from None


def _number(text: str) -> float:
    try:
        return int(text) if text.strip().lstrip("+-").isdigit() else float(text)
    except ValueError:
        raise ValueError("must be a number") from None


def read_json(text: str) -> object:
    """Return the JSON value of `text`.

    Raises:
        ValueError: the text is not JSON; the message says where.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        raise ValueError(f"is not JSON: {exc.msg}, line {exc.lineno} column {exc.colno}") from None


_PLACED_MESSAGE = re.compile(r"`?(?P<name>[^\s`:.\[]+)[^\s`:]*`?:? *(?P<text>.*)", re.DOTALL)


def place_messages(
    messages: Sequence[str], names: Sequence[str]
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Sort validation messages to the fields whose names they begin with; the rest belongs to the form."""
    placed: dict[str, str] = {}
    rest: list[str] = []
    for message in messages:
        match = _PLACED_MESSAGE.match(message)
        if match is not None and match["name"] in names and match["text"]:
            placed.setdefault(match["name"], match["text"])
        else:
            rest.append(message)
    return placed, tuple(rest)
