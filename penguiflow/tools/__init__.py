"""External tools for the planner: servers of the Model Context Protocol over stdio and HTTP.

Importing this package loads pydantic and nothing else heavy; the client packages
(`pip install 'penguiflow[tools]'`) are loaded by the first connection.
"""

from __future__ import annotations

from penguiflow.tools.adapters import adapt_exception, adapt_mcp_error
from penguiflow.tools.config import AuthType, ExternalToolConfig, McpTransportMode, RetryPolicy, TransportType
from penguiflow.tools.connection import ConnectionListener, ConnectionState, ConnectionStatus
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

__all__ = [
    "POPULAR_MCP_SERVERS",
    "AuthType",
    "ConnectionListener",
    "ConnectionState",
    "ConnectionStatus",
    "ErrorCategory",
    "ExternalToolConfig",
    "McpTransportMode",
    "RetryPolicy",
    "ToolAuthError",
    "ToolClientError",
    "ToolConnectionError",
    "ToolNode",
    "ToolNodeError",
    "ToolRateLimitError",
    "ToolServerError",
    "ToolTimeoutError",
    "TransportType",
    "adapt_exception",
    "adapt_mcp_error",
    "get_preset",
]
