"""`penguiflow tui`: the workbench."""

from __future__ import annotations

from pathlib import Path

from penguiflow_cli._options import (
    AgentOption,
    ModelOption,
    ProjectOption,
    ProjectServersOption,
    ServerFilesOption,
    SessionOption,
)


def tui(
    agent: AgentOption = None,
    model: ModelOption = None,
    session: SessionOption = None,
    mcp_config: ServerFilesOption = None,
    project_servers: ProjectServersOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Open the workbench: ask the agent, watch its steps, approve its tool calls."""
    from penguiflow_cli import _workbench, _workbench_options  # noqa: PLC0415 - help must not load Textual

    return _workbench.open_workbench(
        _workbench_options.WorkbenchOptions(
            project_root=project_root,
            agent=agent,
            model=model,
            session_id=session,
            mcp_config=tuple(mcp_config or ()),
            project_servers=project_servers,
        )
    )
