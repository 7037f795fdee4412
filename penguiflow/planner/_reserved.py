"""Names of actions that are no tools."""

from __future__ import annotations

FINAL_RESPONSE = "final_response"
PARALLEL = "parallel"

SPECIAL_NODE_TYPES = frozenset({FINAL_RESPONSE, PARALLEL, "task.subagent", "task.tool"})
