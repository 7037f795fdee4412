"""Asking the model for nothing but the missing arguments of a call, and reading what it says. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from penguiflow.planner._json import Json, JsonObject, is_object, json_text
from penguiflow.planner._parse.answer import AUTO_PLACEHOLDER
from penguiflow.planner._parse.normalise import NotAnAction, names_next_node, read_action
from penguiflow.planner._parse.strict_json import NotStrictJson, object_in
from penguiflow.planner._prompts.conversation import Message, action_text, message
from penguiflow.planner._prompts.tools import args_schema
from penguiflow.planner.action import PlannerAction

_SIMPLE = (str, int, float, bool)
_TAG = re.compile(r"<(\w+)>(.*?)</\1>", re.DOTALL)
_ADVICE = (
    "Reply with one JSON object that holds just the missing values, taken from the query, the context or the "
    "observations. If a value is not known, do not invent one: reply with another action instead."
)


def takes_simple_value(model: type[BaseModel], name: str) -> bool:
    """Return whether a field, named as in the schema, takes one text, number, boolean or choice."""
    for field_name, field in model.model_fields.items():
        if name in (field_name, field.alias, field.validation_alias):
            return _is_simple(field)
    return False


def fill_request(
    action: PlannerAction, model: type[BaseModel], missing: Sequence[str], error: str
) -> list[Message]:
    """Return what is said after the conversation: the call as it came, and what it lacks."""
    properties: Mapping[str, Json] = args_schema(model).get("properties", {})
    body = {
        "error": error,
        "missing_fields": list(missing),
        "schemas": {name: properties.get(name, {}) for name in missing},
        "instruction": _ADVICE,
    }
    return [message("assistant", action_text(action)), message("user", json_text(body))]


def read_fill(text: str, missing: Sequence[str]) -> PlannerAction | JsonObject:
    """Return another action when the reply is one, else the missing values it gives, perhaps none."""
    try:
        value = object_in(text)
    except NotStrictJson:
        tagged: dict[str, str] = dict(_TAG.findall(text))
        return {name: tagged[name].strip() for name in missing if _is_given(tagged.get(name))}
    if names_next_node(value):
        try:
            return read_action(value).model_copy(update={"raw_llm_response": text})
        except NotAnAction:
            return {}
    args = value.get("args")
    values: JsonObject = {**(args if is_object(args) else {}), **value}
    return {name: values[name] for name in missing if _is_given(values.get(name))}


def clarification(model: type[BaseModel], tool: str, missing: Sequence[str]) -> str:
    """Return a question for the person: what the tool needs to know."""
    properties: Mapping[str, Json] = args_schema(model).get("properties", {})
    needs = [_described(name, properties.get(name, {})) for name in missing]
    return f"To use `{tool}` I need to know: {', '.join(needs)}."


def _described(name: str, schema: Json) -> str:
    about = (schema.get("description") or schema.get("type")) if is_object(schema) else None
    return f"{name} ({about})" if about else name


def _is_given(value: Json) -> bool:
    return value is not None and not (isinstance(value, str) and value.strip() in ("", AUTO_PLACEHOLDER))


def _is_simple(field: FieldInfo) -> bool:
    return _is_simple_type(field.annotation)


def _is_simple_type(annotation: Any) -> bool:  # an annotation may be any object
    origin = get_origin(annotation)
    if origin is Annotated:
        return _is_simple_type(get_args(annotation)[0])
    if origin is Literal:
        return True
    if origin in (Union, UnionType):
        return all(part is NoneType or _is_simple_type(part) for part in get_args(annotation))
    return isinstance(annotation, type) and issubclass(annotation, (*_SIMPLE, Enum))
