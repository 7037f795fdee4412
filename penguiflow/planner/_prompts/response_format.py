"""What form of JSON a call asks for."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from penguiflow.planner._reserved import FINAL_RESPONSE

PLANNER_ACTION_FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "planner_action",
        "schema": {
            "allOf": [
                {
                    "type": "object",
                    "properties": {
                        "thought": {"type": "string"},
                        "next_node": {"type": "string"},
                        "args": {"type": "object", "additionalProperties": True},
                    },
                    "required": ["next_node", "args"],
                    "additionalProperties": False,
                },
                {
                    "if": {"properties": {"next_node": {"const": FINAL_RESPONSE}}},
                    "then": {
                        "properties": {
                            "args": {
                                "type": "object",
                                "properties": {"answer": {"type": "string", "minLength": 1}},
                                "required": ["answer"],
                            }
                        }
                    },
                },
            ]
        },
    },
}

ANY_JSON: dict[str, Any] = {"type": "json_object"}


def json_schema_format(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """Return the request for JSON that fits a model."""
    return {"type": "json_schema", "json_schema": {"name": name, "schema": model.model_json_schema()}}
