"""Texts and bytes that a tool gave, as JSON values of the type it declared. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from pydantic import JsonValue


def value_of_text(text: str, outputs: Mapping[str, JsonValue]) -> JsonValue:
    """Return the JSON value a text holds, when it is an object or array or when another type is declared.

    A tool that declares a number and prints `3` returned the number; one that declares nothing, the text.
    """
    declared = outputs.get("type")
    declares_no_text = isinstance(declared, str) and declared != "string"
    if not declares_no_text and not text.lstrip().startswith(("{", "[")):
        return text
    if declared == "string":
        return text
    value = parsed_json(text)
    return text if value is None and text.strip() != "null" else value


def parsed_json(text: str | bytes) -> JsonValue:
    """Return the value, or None for what is no JSON."""
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def values_of_lines(text: str) -> Sequence[JsonValue]:
    """Return one value per line that is not empty: JSON, else the line itself."""
    return [_value_or_text(line) for line in text.splitlines() if line.strip()]


def values_of_events(text: str) -> Sequence[JsonValue]:
    """Return the data of each server-sent event: JSON, else the text."""
    values: list[JsonValue] = []
    for event in text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        fields = [line.partition(":") for line in event.split("\n")]
        data = [value.removeprefix(" ") for name, _, value in fields if name == "data"]
        if data:
            values.append(_value_or_text("\n".join(data)))
    return values


def _value_or_text(text: str) -> JsonValue:
    value = parsed_json(text)
    return text if value is None and text.strip() != "null" else value
