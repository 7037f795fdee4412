"""The schema a provider receives holds only what providers take."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.llm._response_format import (
    ANY_JSON_OBJECT,
    JsonForm,
    response_format_for,
    without_refused_keywords,
)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "pattern": {"type": "string", "minLength": 1, "pattern": "^a"},
        "rows": {"type": "array", "maxItems": 3, "items": {"type": "number", "minimum": 0}},
    },
    "required": ["pattern"],
    "anyOf": [{"required": ["rows"], "minProperties": 1}],
}


def wanted(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "action", "schema": schema}}


def test_bounds_go_and_fields_stay() -> None:
    assert without_refused_keywords(SCHEMA) == {
        "type": "object",
        "properties": {
            "pattern": {"type": "string"},
            "rows": {"type": "array", "items": {"type": "number"}},
        },
        "required": ["pattern"],
        "anyOf": [{"required": ["rows"]}],
    }


@pytest.mark.parametrize(
    ("asked", "form", "sent"),
    [
        (None, "schema", None),
        (ANY_JSON_OBJECT, "schema", ANY_JSON_OBJECT),
        (wanted(SCHEMA), "object", ANY_JSON_OBJECT),
        (wanted(SCHEMA), "none", None),
        (wanted({"type": "object", "minProperties": 1}), "schema", wanted({"type": "object"})),
    ],
)
def test_the_format_fits_the_model(
    asked: dict[str, Any] | None, form: JsonForm, sent: dict[str, Any] | None
) -> None:
    assert response_format_for(asked, form) == sent
