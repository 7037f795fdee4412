"""Builds the demo agent: local tools, a notes server in a process of its own, and a model."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from penguiflow.catalog import ToolSource
from penguiflow.planner import ReactPlanner
from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolNode, TransportType
from penguiflow_tui.demo.model import demo_model
from penguiflow_tui.demo.tools import LOCAL_TOOLS


def build_planner(
    *,
    model: str | None = None,
    state_store: object | None = None,
    project_root: Path | str | None = None,
    tool_sources: Sequence[ToolSource] = (),
) -> ReactPlanner:
    """Return the planner; the offline model decides unless `model` names a real one.

    `tool_sources` are further tools. Notes are kept in `.penguiflow/demo-notes.sqlite3` under `project_root`
    (default: the working directory).
    """
    root = Path.cwd() if project_root is None else Path(project_root)
    return ReactPlanner(
        model,
        llm_client=demo_model() if model is None else None,
        catalog=LOCAL_TOOLS,
        tool_sources=[notes_connection(root / ".penguiflow" / "demo-notes.sqlite3"), *tool_sources],
        state_store=state_store,
        system_prompt_extra="Save a note only when the user asks for it.",
    )


def notes_connection(database: Path) -> ToolNode:
    """Return the connection to the notes server over standard input and output; saving needs approval."""
    command = [
        sys.executable,
        "-P",  # nothing in the working directory may stand in for a module of the server
        *("-m", "penguiflow_tui.demo.notes_server"),
        *("--database", str(database)),
    ]
    config = ExternalToolConfig(
        name="notes",
        description="Notes in a SQLite file",
        transport=TransportType.MCP,
        connection=shlex.join(command),
        approval_filter=["save_note$"],
    )
    return ToolNode(config, ModelRegistry())
