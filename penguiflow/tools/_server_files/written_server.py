"""One server as a file writes it, and the config it means."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, model_validator

from penguiflow.tools.config import (
    AuthType,
    ExternalToolConfig,
    McpTransportMode,
    RetryPolicy,
    TransportType,
    UtcpMode,
)

_HTTP_URL = re.compile(r"https?://", re.IGNORECASE)
_ANY_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)

_Kind: TypeAlias = Literal["stdio", "http", "sse", "streamable-http", "openapi", "utcp", "cli"]
_KINDS: Mapping[str, _Kind] = {
    "stdio": "stdio",
    "local": "stdio",
    "http": "http",
    "sse": "sse",
    "streamablehttp": "streamable-http",
    "openapi": "openapi",
    "utcp": "utcp",
    "cli": "cli",
}
_TRANSPORTS = {
    "openapi": TransportType.HTTP,
    "utcp": TransportType.UTCP,
    "cli": TransportType.CLI,
}


def _kind(value: object) -> object:
    """Take the spellings of all clients: `streamable_http`, `streamableHttp`."""
    if not isinstance(value, str):
        return value
    return _KINDS.get(re.sub(r"[-_ ]", "", value.lower()), value)


def _as_text(value: object) -> object:
    """Take numbers and truth values where only text can be passed on: `"PORT": 3000`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


_Text: TypeAlias = Annotated[str, BeforeValidator(_as_text)]
_GivenKind: TypeAlias = Annotated[_Kind | None, BeforeValidator(_kind)]


class WrittenServer(BaseModel):
    """One server; keys only other hosts know are ignored.

    `type` and `transport` say the same. `auth` is `"oauth"`, the text of a bearer token, or an object with
    `type` and the keys of `auth_config`; `auth_type` and `auth_config` may be given instead.
    """

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    type: _GivenKind = None
    transport: _GivenKind = None
    command: str | None = Field(default=None, min_length=1)
    args: list[_Text] = Field(default_factory=list[str], repr=False)
    env: dict[str, _Text] = Field(default_factory=dict[str, str], repr=False)
    cwd: str | None = None
    url: str | None = Field(default=None, min_length=1, repr=False)
    headers: dict[str, _Text] = Field(default_factory=dict[str, str], repr=False)
    description: str = ""
    timeout_s: float = 30.0
    retry_policy: RetryPolicy = Field(default_factory=RetryPolicy)
    max_concurrency: int = 10
    tool_filter: list[str] | None = None
    approval_filter: list[str] | None = None
    auth: str | dict[str, _Text] | None = Field(default=None, repr=False)
    auth_type: AuthType | None = None
    auth_config: dict[str, _Text] = Field(default_factory=dict[str, str], repr=False)
    utcp_mode: UtcpMode = UtcpMode.AUTO
    allowed_hosts: list[str] = Field(default_factory=list[str])
    max_response_bytes: int = 10_000_000
    disabled: bool = False
    enabled: bool = True

    @model_validator(mode="after")
    def _is_command_or_url(self) -> WrittenServer:
        if (self.command is None) == (self.url is None):
            raise ValueError("give either `command` or `url`")
        # A command is run and a URL is opened: neither may pass for the other.
        if self.url is not None and not _HTTP_URL.match(self.url):
            raise ValueError("`url` has to begin with http:// or https://")
        if self.command is not None and _ANY_URL.match(self.command):
            raise ValueError("`command` is a URL: write it as `url`")
        return self

    @model_validator(mode="after")
    def _says_one_transport(self) -> WrittenServer:
        if self.type and self.transport and _same_kind(self.type) != _same_kind(self.transport):
            raise ValueError(
                f"`type` is `{self.type}` and `transport` is `{self.transport}`: give one of them"
            )
        if self._kind in ("stdio", "cli") and self.url is not None:
            raise ValueError(f"`{self._kind}` needs a `command`, not a `url`")
        if self._kind in ("http", "streamable-http", "sse", "openapi") and self.command is not None:
            raise ValueError(f"`{self._kind}` needs a `url`, not a `command`")
        return self

    @model_validator(mode="after")
    def _says_one_auth(self) -> WrittenServer:
        if self.auth is not None and (self.auth_type is not None or self.auth_config):
            raise ValueError("give either `auth`, or `auth_type` with `auth_config`")
        return self

    @property
    def _kind(self) -> _Kind | None:
        return self.transport or self.type

    def to_config(self, name: str, project_root: Path) -> ExternalToolConfig:
        """Return the config under this name; a command runs in the project's folder.

        Raises:
            ValidationError: a value is none the config takes.
        """
        if self.url is not None:
            connection, cwd = self.url, None
        else:
            connection = shlex.join([self.command or "", *self.args])
            cwd = str(project_root / (self.cwd or ""))
        auth_type, auth_config = self._auth()
        return ExternalToolConfig(
            name=name,
            description=self.description,
            transport=_TRANSPORTS.get(self._kind or "", TransportType.MCP),
            connection=connection,
            utcp_mode=self.utcp_mode,
            mcp_transport_mode=self._mode(),
            env=self.env,
            headers=self.headers,
            cwd=cwd,
            auth_type=auth_type,
            auth_config=auth_config,
            timeout_s=self.timeout_s,
            retry_policy=self.retry_policy,
            max_concurrency=self.max_concurrency,
            tool_filter=self.tool_filter,
            approval_filter=self.approval_filter,
            allowed_hosts=self.allowed_hosts,
            max_response_bytes=self.max_response_bytes,
            enabled=self.enabled and not self.disabled,
        )

    def _auth(self) -> tuple[AuthType, dict[str, str]]:
        match self.auth:
            case None:
                return self.auth_type or AuthType.NONE, self.auth_config
            case "oauth":
                return AuthType.OAUTH2_USER, {}
            case str() as token:
                return AuthType.BEARER, {"token": token}
            case given:
                settings = {key: value for key, value in given.items() if key != "type"}
                return _auth_type(given.get("type", "")), settings

    def _mode(self) -> McpTransportMode:
        match self._kind:
            case "sse":
                return McpTransportMode.SSE
            case "http" | "streamable-http":
                return McpTransportMode.STREAMABLE_HTTP
            case "stdio" | "openapi" | "utcp" | "cli" | None:
                return McpTransportMode.AUTO


def definition_of(value: JsonValue) -> WrittenServer:
    """Return the server a value of JSON describes.

    Raises:
        ValidationError: it describes none.
    """
    return WrittenServer.model_validate(value)


def _same_kind(kind: _Kind) -> _Kind:
    return "http" if kind == "streamable-http" else kind


def _auth_type(name: str) -> AuthType:
    try:
        return AuthType("oauth2_user" if name == "oauth" else name)
    except ValueError:
        known = ", ".join(f"`{kind.value}`" for kind in AuthType)
        raise ValueError(f"`auth.type` has to be one of {known}") from None
