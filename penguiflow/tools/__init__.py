"""External tools for the planner: MCP servers, HTTP services, UTCP manuals and commands behind `ToolNode`.

Importing this package loads pydantic and nothing else heavy. The client packages
(`pip install 'penguiflow[tools]'`) are loaded by the first connection, what signs people in by its first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from penguiflow.tools.adapters import adapt_exception, adapt_mcp_error, adapt_utcp_error
from penguiflow.tools.artifact_presets import (
    ARTIFACT_PRESETS,
    FILESYSTEM_ARTIFACT_PRESET,
    GITHUB_ARTIFACT_PRESET,
    GOOGLE_DRIVE_ARTIFACT_PRESET,
    TABLEAU_ARTIFACT_PRESET,
    get_artifact_preset,
    get_artifact_preset_info,
    get_artifact_preset_with_overrides,
    list_artifact_presets,
    merge_artifact_preset,
)
from penguiflow.tools.config import (
    ArtifactExtractionConfig,
    ArtifactFieldConfig,
    AuthType,
    BinaryDetectionConfig,
    ExternalToolConfig,
    McpTransportMode,
    ResourceHandlingConfig,
    RetryPolicy,
    TransportType,
    UtcpMode,
)
from penguiflow.tools.connection import CircuitState, ConnectionListener, ConnectionState, ConnectionStatus
from penguiflow.tools.errors import (
    ErrorCategory,
    ToolAuthError,
    ToolClientError,
    ToolConnectionError,
    ToolNodeError,
    ToolRateLimitError,
    ToolServerError,
    ToolTimeoutError,
)
from penguiflow.tools.node import ToolNode
from penguiflow.tools.presets import POPULAR_MCP_SERVERS, get_preset
from penguiflow.tools.servers import ToolServers

if TYPE_CHECKING:
    from penguiflow.tools.oauth import InMemoryTokenStore, OAuthManager, OAuthProviderConfig, TokenStore

__all__ = [
    "ARTIFACT_PRESETS",
    "FILESYSTEM_ARTIFACT_PRESET",
    "GITHUB_ARTIFACT_PRESET",
    "GOOGLE_DRIVE_ARTIFACT_PRESET",
    "POPULAR_MCP_SERVERS",
    "TABLEAU_ARTIFACT_PRESET",
    "ArtifactExtractionConfig",
    "ArtifactFieldConfig",
    "AuthType",
    "BinaryDetectionConfig",
    "CircuitState",
    "ConnectionListener",
    "ConnectionState",
    "ConnectionStatus",
    "ErrorCategory",
    "ExternalToolConfig",
    "InMemoryTokenStore",
    "McpTransportMode",
    "OAuthManager",
    "OAuthProviderConfig",
    "ResourceHandlingConfig",
    "RetryPolicy",
    "TokenStore",
    "ToolAuthError",
    "ToolClientError",
    "ToolConnectionError",
    "ToolNode",
    "ToolNodeError",
    "ToolRateLimitError",
    "ToolServerError",
    "ToolServers",
    "ToolTimeoutError",
    "TransportType",
    "UtcpMode",
    "adapt_exception",
    "adapt_mcp_error",
    "adapt_utcp_error",
    "get_artifact_preset",
    "get_artifact_preset_info",
    "get_artifact_preset_with_overrides",
    "get_preset",
    "list_artifact_presets",
    "merge_artifact_preset",
]

_OF_OAUTH = frozenset({"InMemoryTokenStore", "OAuthManager", "OAuthProviderConfig", "TokenStore"})


def __getattr__(name: str) -> object:
    if name not in _OF_OAUTH:
        raise AttributeError(f"module `penguiflow.tools` has no attribute `{name}`")
    return getattr(import_module("penguiflow.tools.oauth"), name)
