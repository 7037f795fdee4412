"""Tool servers that a project names in its `.mcp.json` (or `mcp.json`), the file other MCP hosts read too.

    {"mcpServers": {
        "notes": {"command": "python", "args": ["notes.py"], "env": {"MODE": "${MODE:-quiet}"}},
        "wiki": {"url": "https://wiki.example/mcp", "headers": {"Authorization": "Bearer ${KEY}"}}}}

`${VAR}` is replaced when connecting, not here. A command runs in the project's folder unless `cwd` says
another. `timeout_s`, `tool_filter` and `approval_filter` of `ExternalToolConfig` may be given as well.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from penguiflow.safe_text import safe_line
from penguiflow.tools._secrets import remember_secrets_of
from penguiflow.tools.config import ExternalToolConfig, McpTransportMode, TransportType

__all__ = ["PROJECT_FILES", "ProjectToolsError", "project_servers"]

PROJECT_FILES: Final = (".mcp.json", "mcp.json")
"""The files looked for; the first that exists counts."""

_MAX_BYTES: Final = 1_000_000


class ProjectToolsError(ValueError):
    """The file is no list of servers; the message names the file and the place in it."""


class _Server(BaseModel):
    """One server as the file writes it; keys only other hosts know are ignored."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    type: Literal["stdio", "http", "sse", "streamable-http", "streamable_http"] | None = None
    command: str | None = Field(default=None, min_length=1)
    args: list[str] = Field(default_factory=list[str], repr=False)
    env: dict[str, str] = Field(default_factory=dict[str, str], repr=False)
    cwd: str | None = None
    url: str | None = Field(default=None, min_length=1, repr=False)
    headers: dict[str, str] = Field(default_factory=dict[str, str], repr=False)
    timeout_s: float = 30.0
    tool_filter: list[str] | None = None
    approval_filter: list[str] | None = None
    disabled: bool = False

    @model_validator(mode="after")
    def _is_command_or_url(self) -> _Server:
        if (self.command is None) == (self.url is None):
            raise ValueError("give either `command` or `url`")
        return self

    def to_config(self, name: str, project_root: Path) -> ExternalToolConfig:
        """Return the config under the name the file gives the server."""
        if self.url is not None:
            connection, cwd = self.url, None
        else:
            connection = shlex.join([self.command or "", *self.args])
            cwd = str(project_root / (self.cwd or ""))
        return ExternalToolConfig(
            name=name,
            transport=TransportType.MCP,
            connection=connection,
            mcp_transport_mode=self._mode(),
            env=self.env,
            headers=self.headers,
            cwd=cwd,
            timeout_s=self.timeout_s,
            tool_filter=self.tool_filter,
            approval_filter=self.approval_filter,
        )

    def _mode(self) -> McpTransportMode:
        match self.type:
            case "sse":
                return McpTransportMode.SSE
            case "http" | "streamable-http" | "streamable_http":
                return McpTransportMode.STREAMABLE_HTTP
            case "stdio" | None:
                return McpTransportMode.AUTO


class _ServerFile(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    mcpServers: dict[str, _Server]


def project_servers(project_root: Path) -> Sequence[ExternalToolConfig]:
    """Return the servers the project names, in the order of its file; none if it has no file.

    Raises:
        ProjectToolsError: the file cannot be read or says something that is no server.
    """
    for file_name in PROJECT_FILES:
        path = project_root / file_name
        if path.is_file():
            return _servers_of(path, project_root)
    return ()


def _servers_of(path: Path, project_root: Path) -> Sequence[ExternalToolConfig]:
    place = f"`{safe_line(str(path))}`"
    try:
        servers = _ServerFile.model_validate(_json_of(path)).mcpServers
        configs = [
            server.to_config(name, project_root) for name, server in servers.items() if not server.disabled
        ]
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise ProjectToolsError(f"{place}: {safe_line(where)}: {safe_line(first['msg'])}") from error
    except (OSError, ValueError, RecursionError) as error:
        raise ProjectToolsError(f"{place}: {safe_line(str(error), max_chars=300)}") from error
    for config in configs:
        remember_secrets_of(config)
    return configs


def _json_of(path: Path) -> object:
    if path.stat().st_size > _MAX_BYTES:
        raise ValueError(f"is larger than {_MAX_BYTES} bytes")
    document: object = json.loads(path.read_text(encoding="utf-8"))
    return document
