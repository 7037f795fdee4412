"""What a config means in one environment: the process to start or the URL to open. Pure."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit, urlunsplit

from penguiflow.redaction import redact_text
from penguiflow.safe_text import safe_line
from penguiflow.tools._environment import child_environment, expand
from penguiflow.tools._process import ServerCommand
from penguiflow.tools._session import ServerUrl
from penguiflow.tools.config import AuthType, ExternalToolConfig, McpTransportMode, TransportType
from penguiflow.tools.errors import ErrorCategory, ToolAuthError, ToolConnectionError

_MAX_TARGET_CHARS = 300


def plan_connection(config: ExternalToolConfig, environment: Mapping[str, str]) -> ServerCommand | ServerUrl:
    """Return what to start or open.

    Raises:
        ToolAuthError: a variable is not set, or the auth type needs a sign-in.
        ToolConnectionError: the config asks for something that cannot be connected.
    """
    if config.transport is not TransportType.MCP:
        raise _impossible(
            f"transport `{config.transport.value}` of `{config.name}` is not supported", "use `mcp`"
        )
    if config.auth_type is AuthType.OAUTH2_USER:
        raise ToolAuthError(
            f"`{config.name}` needs a sign-in by OAuth, which this connection cannot do",
            hint="use a token: auth_type `bearer` for a URL, or the variable the server documents in `env`",
        )
    if config.is_url:
        return _plan_url(config, environment)
    return _plan_command(config, environment)


def target_text(config: ExternalToolConfig) -> str:
    """Return the command or URL as it may be shown: without credentials, on one line."""
    target = config.connection
    if config.is_url:
        parts = urlsplit(target)
        target = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return safe_line(redact_text(target), max_chars=_MAX_TARGET_CHARS)


def _plan_command(config: ExternalToolConfig, environment: Mapping[str, str]) -> ServerCommand:
    try:
        words = shlex.split(config.connection)
    except ValueError as error:
        raise _impossible(
            f"the command of `{config.name}` cannot be split: {error}", "close the quote"
        ) from error
    if not words or not words[0]:
        raise _impossible(f"the command of `{config.name}` is empty", "give a command line or a URL")
    # Words first, values second: a value with spaces or quotes stays one argument.
    arguments = [expand(word, environment, owner=config.name) for word in words]
    given = {key: expand(value, environment, owner=config.name) for key, value in config.env.items()}
    for text in (*arguments, *given, *given.values()):
        if "\0" in text:
            raise _impossible(f"the command of `{config.name}` contains a NUL character", "remove it")
    return ServerCommand(
        arguments=arguments, environment=child_environment(given, environment), cwd=config.cwd
    )


def _plan_url(config: ExternalToolConfig, environment: Mapping[str, str]) -> ServerUrl:
    url = expand(config.connection, environment, owner=config.name)
    if not url.lower().startswith(("http://", "https://")):
        raise _impossible(
            f"`{config.name}` has a WebSocket URL, which MCP does not use", "use http:// or https://"
        )
    given = {**config.headers, **_auth_headers(config)}
    headers = {key: expand(value, environment, owner=config.name) for key, value in given.items()}
    url, basic = _without_userinfo(url)
    if basic is not None and "authorization" not in {key.lower() for key in headers}:
        headers["Authorization"] = basic
    return ServerUrl(url=url, headers=headers, sse=_uses_sse(config.mcp_transport_mode, url))


def _without_userinfo(url: str) -> tuple[str, str | None]:
    """Return the URL as it may be logged, and what HTTP sends for the user and password that stood in it."""
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    user, _, password = userinfo.partition(":")
    credentials = f"{unquote(user)}:{unquote(password)}".encode()
    return urlunsplit(parts._replace(netloc=host)), f"Basic {base64.b64encode(credentials).decode()}"


def _uses_sse(mode: McpTransportMode, url: str) -> bool:
    if mode is McpTransportMode.AUTO:
        return "/sse" in url.lower()
    return mode is McpTransportMode.SSE


def _auth_headers(config: ExternalToolConfig) -> dict[str, str]:
    auth = config.auth_config
    match config.auth_type:
        case AuthType.API_KEY:
            return {auth.get("header", "X-API-Key"): auth["api_key"]}
        case AuthType.BEARER:
            return {"Authorization": f"Bearer {auth['token']}"}
        case AuthType.COOKIE:
            return {"Cookie": f"{auth['cookie_name']}={auth['cookie_value']}"}
        case AuthType.NONE | AuthType.OAUTH2_USER:
            return {}


def _impossible(message: str, hint: str) -> ToolConnectionError:
    return ToolConnectionError(message, category=ErrorCategory.UNKNOWN, hint=hint)
