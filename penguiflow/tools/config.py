"""How an external tool server is reached: one validated value per server."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from penguiflow.tools._output_config import (
    DEFAULT_BINARY_SIGNATURES,
    ArtifactExtractionConfig,
    ArtifactFieldConfig,
    BinaryDetectionConfig,
    ResourceHandlingConfig,
)

__all__ = [
    "DEFAULT_BINARY_SIGNATURES",
    "ArtifactExtractionConfig",
    "ArtifactFieldConfig",
    "AuthType",
    "BinaryDetectionConfig",
    "ExternalToolConfig",
    "McpTransportMode",
    "OutputTransformer",
    "ResourceHandlingConfig",
    "RetryPolicy",
    "TransportType",
    "UtcpMode",
]

OutputTransformer: TypeAlias = Callable[[str, Any, Any], Any]
"""Takes the namespaced tool, the raw result and the caller's context, and returns what the planner is given
in its place; may be a coroutine function. Only its author knows what is in a result, hence `Any`."""


class TransportType(StrEnum):
    """The protocol an external tool server speaks."""

    MCP = "mcp"
    HTTP = "http"
    UTCP = "utcp"
    CLI = "cli"


class AuthType(StrEnum):
    """How calls to a server are authorised."""

    NONE = "none"
    API_KEY = "api_key"
    BEARER = "bearer"
    COOKIE = "cookie"
    OAUTH2_USER = "oauth2_user"


class UtcpMode(StrEnum):
    """What a UTCP URL leads to; `AUTO` looks at what is there."""

    AUTO = "auto"
    MANUAL_URL = "manual_url"
    BASE_URL = "base_url"


class McpTransportMode(StrEnum):
    """The HTTP variant of MCP behind a URL; `AUTO` takes SSE when the URL says `/sse`."""

    AUTO = "auto"
    SSE = "sse"
    STREAMABLE_HTTP = "streamable_http"


class RetryPolicy(BaseModel):
    """When a failed call is tried again, and after which pause.

    The pauses double from `wait_exponential_min_s` up to `wait_exponential_max_s`; a server that asks for a
    longer one is given it. An answer with a status is repeated only if `retry_on_status` has it.
    """

    max_attempts: int = Field(default=3, ge=1, le=10)
    wait_exponential_min_s: float = Field(default=0.1, ge=0.01)
    wait_exponential_max_s: float = Field(default=5.0, ge=0.1)
    retry_on_status: list[int] = Field(default_factory=lambda: [429, 500, 502, 503, 504])


_REQUIRED_AUTH_KEYS: dict[AuthType, tuple[str, ...]] = {
    AuthType.API_KEY: ("api_key",),
    AuthType.BEARER: ("token",),
    AuthType.COOKIE: ("cookie_name", "cookie_value"),
}
_URL = re.compile(r"(https?|wss?)://", re.IGNORECASE)


def _default_arg_validation() -> dict[str, object]:
    return {"emit_suspect": True}


class ExternalToolConfig(BaseModel):
    """One external tool server.

    `name` becomes the namespace of its tools. `connection` is a command line for an MCP server over stdio
    (split as a shell would, but run without one), otherwise a URL: of an MCP server, of an OpenAPI document
    (`http`), of a UTCP manual (`utcp`). `${VAR}` in `connection`, `env`, `headers` and `auth_config` is
    replaced when connecting. `tool_filter` and `approval_filter` are regular expressions matched from the
    start of the name without its namespace: which tools are taken (None or empty: all), and which of them a
    person has to approve before each call (None or empty: none). `allowed_hosts` names hosts whose address
    may be private although a document or a redirect of the service leads there; `max_response_bytes` bounds
    one answer over HTTP and UTCP. A server that is not `enabled` is shown and never started.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    name: str = Field(min_length=1)
    description: str = ""
    transport: TransportType
    connection: str = Field(repr=False)  # a URL or an argument may hold a credential
    utcp_mode: UtcpMode = UtcpMode.AUTO
    mcp_transport_mode: McpTransportMode = McpTransportMode.AUTO
    env: dict[str, str] = Field(default_factory=dict, repr=False)
    headers: dict[str, str] = Field(default_factory=dict, repr=False)
    cwd: str | None = None
    auth_type: AuthType = AuthType.NONE
    auth_config: dict[str, str] = Field(default_factory=dict, repr=False)
    timeout_s: float = Field(default=30.0, ge=1.0, le=300.0)
    retry_policy: RetryPolicy = Field(default_factory=RetryPolicy)
    max_concurrency: int = Field(default=10, ge=1, le=100)
    tool_filter: list[str] | None = None
    approval_filter: list[str] | None = None
    arg_validation: dict[str, object] = Field(default_factory=_default_arg_validation)
    artifact_extraction: ArtifactExtractionConfig = Field(default_factory=ArtifactExtractionConfig)
    output_transformer: OutputTransformer | None = Field(default=None, exclude=True, repr=False)
    allowed_hosts: list[str] = Field(default_factory=list)
    max_response_bytes: int = Field(default=10_000_000, ge=1_000)
    enabled: bool = True

    @field_validator("tool_filter", "approval_filter")
    @classmethod
    def _filters_are_regular_expressions(cls, patterns: list[str] | None) -> list[str] | None:
        for pattern in patterns or ():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"`{pattern}` is not a regular expression: {error}") from error
        return patterns

    @model_validator(mode="after")
    def _auth_is_complete(self) -> ExternalToolConfig:
        missing = [key for key in _REQUIRED_AUTH_KEYS.get(self.auth_type, ()) if key not in self.auth_config]
        if missing:
            keys = ", ".join(f"`{key}`" for key in missing)
            raise ValueError(
                f"auth_type `{self.auth_type.value}` of `{self.name}` needs {keys} in `auth_config`"
            )
        return self

    @model_validator(mode="after")
    def _utcp_mode_is_for_utcp(self) -> ExternalToolConfig:
        if self.transport is TransportType.MCP and self.utcp_mode is not UtcpMode.AUTO:
            raise ValueError(f"`utcp_mode` of `{self.name}` is for UTCP; leave it out for an MCP server")
        return self

    @property
    def is_url(self) -> bool:
        """Whether `connection` is a URL rather than a command line."""
        return _URL.match(self.connection) is not None

    def takes(self, tool_name: str) -> bool:
        """Whether `tool_filter` lets a tool through."""
        return not self.tool_filter or _matches(tool_name, self.tool_filter)

    def needs_approval(self, tool_name: str) -> bool:
        """Whether a person has to approve each call of a tool."""
        return _matches(tool_name, self.approval_filter or ())


def _matches(tool_name: str, patterns: list[str] | tuple[str, ...]) -> bool:
    return any(re.match(pattern, tool_name) for pattern in patterns)
