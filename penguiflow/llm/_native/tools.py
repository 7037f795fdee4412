"""The tools of a planner as a provider takes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penguiflow.llm._native.names import ToolNames
from penguiflow.llm.protocol import ToolDescription


# Any: JSON of the provider's protocol.
def wire_tools(tools: Sequence[ToolDescription], names: ToolNames) -> list[dict[str, Any]]:
    """Return the list of functions."""
    return [
        {
            "type": "function",
            "function": {
                "name": names.sent(tool.name),
                "description": tool.description,
                # Some providers refuse an object that does not say which fields it has.
                "parameters": {"type": "object", "properties": {}, **tool.parameters},
            },
        }
        for tool in tools
    ]
