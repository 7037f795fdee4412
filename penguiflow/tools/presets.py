"""Well-known MCP servers, ready to connect by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from penguiflow.tools.config import AuthType, ExternalToolConfig, TransportType

__all__ = ["POPULAR_MCP_SERVERS", "get_preset"]


def _preset(
    name: str,
    connection: str,
    description: str,
    *,
    auth_type: AuthType = AuthType.NONE,
    env: Mapping[str, str] | None = None,
    token_env: str | None = None,
) -> ExternalToolConfig:
    return ExternalToolConfig(
        name=name,
        description=description,
        transport=TransportType.MCP,
        connection=connection,
        auth_type=auth_type,
        auth_config={} if token_env is None else {"token_env": token_env},
        env=dict(env or {}),
    )


_PRESETS = (
    _preset(
        "github",
        "npx -y @modelcontextprotocol/server-github",
        "Repositories, issues and pull requests on GitHub",
        auth_type=AuthType.OAUTH2_USER,
        token_env="GITHUB_PERSONAL_ACCESS_TOKEN",
    ),
    _preset(
        "filesystem",
        "npx -y @modelcontextprotocol/server-filesystem /data",
        "Files below one folder",
    ),
    _preset(
        "postgres",
        "npx -y @modelcontextprotocol/server-postgres",
        "Queries on a PostgreSQL database",
        env={"DATABASE_URL": "${DATABASE_URL}"},
    ),
    _preset(
        "slack",
        "npx -y @modelcontextprotocol/server-slack",
        "Channels and messages in Slack",
        auth_type=AuthType.OAUTH2_USER,
        token_env="SLACK_BOT_TOKEN",
    ),
    _preset(
        "google-drive",
        "npx -y @anthropic/mcp-server-google-drive",
        "Documents in Google Drive",
        auth_type=AuthType.OAUTH2_USER,
    ),
    _preset("duckduckgo", "npx -y duckduckgo-mcp-server", "Web search with DuckDuckGo"),
    _preset(
        "brave-search",
        "npx -y @anthropic/mcp-server-brave-search",
        "Web search with Brave",
        env={"BRAVE_API_KEY": "${BRAVE_API_KEY}"},
    ),
    _preset(
        "redis",
        "uvx --from redis-mcp-server@latest redis-mcp-server",
        "Keys and values in Redis",
        env={"REDIS_HOST": "${REDIS_HOST}", "REDIS_PORT": "${REDIS_PORT}"},
    ),
)

POPULAR_MCP_SERVERS: Mapping[str, ExternalToolConfig] = MappingProxyType(
    {config.name: config for config in _PRESETS}
)
"""Name of a preset -> its config."""


def get_preset(name: str) -> ExternalToolConfig:
    """Return a preset; `model_copy(update=...)` makes one that differs.

    Raises:
        ValueError: there is no such preset; names those there are.
    """
    try:
        return POPULAR_MCP_SERVERS[name]
    except KeyError:
        known = ", ".join(f"`{preset}`" for preset in sorted(POPULAR_MCP_SERVERS))
        raise ValueError(f"there is no preset `{name}`; presets are {known}") from None
