"""A connection that is up, as text and as JSON: what answered, how fast, and with which tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penguiflow.safe_text import safe_line
from penguiflow.tools.connection import ConnectionStatus
from penguiflow.tools.node import ToolNode
from penguiflow_cli._tools_text import tool_lines

_NAMES_SHOWN = 5
_STATELESS_SINCE = "2026-07-28"

STATE_WORDS: Mapping[str, str] = {
    "idle": "not connected",
    "connecting": "connecting",
    "ready": "ready",
    "needs_auth": "needs auth",
    "failed": "failed",
    "closed": "closed",
    "disabled": "disabled",
}


def connection_lines(node: ToolNode) -> list[str]:
    """Return one line per fact about the connection."""
    status = node.status
    facts = [
        ("State:", STATE_WORDS[status.state]),
        ("Answered:", status.server or ""),
        ("Protocol:", protocol_text(status)),
        ("Latency:", latency_text(status)),
        ("Circuit:", "" if status.circuit == "closed" else f"{status.circuit} (it failed too often)"),
        ("Held back:", _held_back(status)),
    ]
    return [f"{label:<12}{text}" for label, text in facts if text]


def connection_record(node: ToolNode) -> dict[str, Any]:
    """Return the same as JSON, with the tools."""
    status = node.status
    return {
        "state": status.state,
        "server": status.server,
        "protocol_version": status.protocol_version,
        "latency_ms": status.latency_ms,
        "circuit": status.circuit,
        "held_back": list(status.held_back),
        "tools": [
            {
                "name": spec.name,
                "description": spec.desc,
                "side_effects": spec.side_effects,
                "requires_approval": spec.requires_approval,
                "args_schema": spec.args_model.model_json_schema(),
            }
            for spec in node.get_tool_specs()
        ],
    }


def listed_tools(node: ToolNode, max_tools: int) -> list[str]:
    """Return the tools with their arguments, at most so many."""
    specs = node.get_tool_specs()
    lines = [f"Discovered {len(specs)} tools:"]
    for spec in specs[:max_tools]:
        lines += tool_lines(spec.name, spec.desc, spec.args_model.model_json_schema())
    if len(specs) > max_tools:
        lines.append(f" ... (+{len(specs) - max_tools} more)")
    return lines


def protocol_text(status: ConnectionStatus) -> str:
    """Return the version of the protocol, and of MCP also which of its two ways of working."""
    version = status.protocol_version or ""
    if not version or not status.transport.startswith("mcp"):
        return version
    return f"{version} ({'stateless' if version >= _STATELESS_SINCE else 'handshake'})"


def latency_text(status: ConnectionStatus) -> str:
    """Return how long connecting and discovery took."""
    return "" if status.latency_ms is None else f"{status.latency_ms:.0f} ms"


def _held_back(status: ConnectionStatus) -> str:
    names = status.held_back
    if not names:
        return ""
    shown = ", ".join(safe_line(name, max_chars=60) for name in names[:_NAMES_SHOWN])
    more = f", +{len(names) - _NAMES_SHOWN}" if len(names) > _NAMES_SHOWN else ""
    return f"{shown}{more} (changed since approved; --approve-changes shows how)"
