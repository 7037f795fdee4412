"""What a config means in one environment: the process to start or the URL to open. Pure."""

from __future__ import annotations

import base64
import shlex
from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import unquote, urlsplit, urlunsplit

from penguiflow.redaction import redact_text
from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.environment import child_environment, expand
from penguiflow.tools._connecting.process import ServerCommand
from penguiflow.tools._connecting.session import HttpService, LiveHeaders, ServerUrl, UtcpService, no_headers
from penguiflow.tools.config import AuthType, ExternalToolConfig, McpTransportMode, TransportType, UtcpMode
from penguiflow.tools.errors import ErrorCategory, ToolConnectionError

_MAX_TARGET_CHARS = 300

ConnectionPlan: TypeAlias = ServerCommand | ServerUrl | HttpService | UtcpService


def plan_connection(
    config: ExternalToolConfig,
    environment: Mapping[str, str],
    *,
    live_headers: LiveHeaders = no_headers,
    token: str | None = None,
) -> ConnectionPlan:
    """Return what to start or open.

    A user's token reaches a URL by `live_headers`, and a server process as the variable that `token_env` of
    the `auth_config` names.

    Raises:
        MissingVariableError: a variable is not set.
        ToolConnectionError: the config asks for something that cannot be connected.
    """
    match config.transport:
        case TransportType.MCP:
            if config.is_url:
                return _plan_url(config, environment, live_headers)
            return _plan_command(config, environment, token)
        case TransportType.HTTP if config.utcp_mode is UtcpMode.AUTO:
            return _plan_service(config, environment, live_headers)
        case TransportType.HTTP | TransportType.UTCP | TransportType.CLI:
            return _plan_utcp(config, environment, live_headers)


def target_text(config: ExternalToolConfig) -> str:
    """Return the command or URL as it may be shown: without credentials, on one line."""
    target = config.connection
    if config.is_url:
        parts = urlsplit(target)
        target = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
    return safe_line(redact_text(target), max_chars=_MAX_TARGET_CHARS)


def _plan_command(
    config: ExternalToolConfig, environment: Mapping[str, str], token: str | None
) -> ServerCommand:
    # Words first, values second: a value with spaces or quotes stays one argument.
    arguments = [expand(word, environment, owner=config.name) for word in _words(config)]
    given = {key: expand(value, environment, owner=config.name) for key, value in config.env.items()}
    if token is not None and (variable := config.auth_config.get("token_env")):
        given[variable] = token
    for text in (*arguments, *given, *given.values()):
        if "\0" in text:
            raise _impossible(f"the command of `{config.name}` contains a NUL character", "remove it")
    return ServerCommand(
        arguments=arguments, environment=child_environment(given, environment), cwd=config.cwd
    )


def _plan_url(
    config: ExternalToolConfig, environment: Mapping[str, str], live_headers: LiveHeaders
) -> ServerUrl:
    url, headers = _url_and_headers(config, environment)
    if not url.lower().startswith(("http://", "https://")):
        raise _impossible(
            f"`{config.name}` has a WebSocket URL, which MCP does not use", "use http:// or https://"
        )
    sse = _uses_sse(config.mcp_transport_mode, url)
    return ServerUrl(url=url, headers=headers, live_headers=live_headers, sse=sse)


def _plan_service(
    config: ExternalToolConfig, environment: Mapping[str, str], live_headers: LiveHeaders
) -> HttpService:
    url, headers = _url_and_headers(config, environment)
    if not url.lower().startswith(("http://", "https://")):
        raise _impossible(
            f"`{config.name}` needs the URL of an OpenAPI document or of a list of tools",
            "use http:// or https://, or the transport `mcp` or `cli` for a command",
        )
    return HttpService(
        name=config.name,
        url=url,
        headers=headers,
        live_headers=live_headers,
        timeout_s=config.timeout_s,
        allowed_hosts=tuple(config.allowed_hosts),
        max_response_bytes=config.max_response_bytes,
    )


def _plan_utcp(
    config: ExternalToolConfig, environment: Mapping[str, str], live_headers: LiveHeaders
) -> UtcpService:
    variables = {key: expand(value, environment, owner=config.name) for key, value in config.env.items()}
    connection, headers = _url_and_headers(config, environment)
    return UtcpService(
        name=config.name,
        kind=config.utcp_mode.value if config.is_url else "command",
        connection=connection,
        variables=variables,
        environment=child_environment(variables, environment),
        headers=headers,
        live_headers=live_headers,
        cwd=config.cwd,
        timeout_s=config.timeout_s,
        allowed_hosts=tuple(config.allowed_hosts),
        max_response_bytes=config.max_response_bytes,
    )


def _url_and_headers(
    config: ExternalToolConfig, environment: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    """Return what to connect to, and what is sent with each request if that is over HTTP."""
    connection = _expanded_connection(config, environment)
    given = {**config.headers, **_auth_headers(config)}
    headers = {key: expand(value, environment, owner=config.name) for key, value in given.items()}
    if not config.is_url:
        return connection, headers
    url, basic = _without_userinfo(connection)
    if basic is not None and "authorization" not in {key.lower() for key in headers}:
        headers["Authorization"] = basic
    return url, headers


def _expanded_connection(config: ExternalToolConfig, environment: Mapping[str, str]) -> str:
    if config.is_url:
        return expand(config.connection, environment, owner=config.name)
    # Words first, values second: a value with spaces or quotes stays one argument.
    return shlex.join(expand(word, environment, owner=config.name) for word in _words(config))


def _words(config: ExternalToolConfig) -> list[str]:
    try:
        words = shlex.split(config.connection)
    except ValueError as error:
        raise _impossible(
            f"the command of `{config.name}` cannot be split: {error}", "close the quote"
        ) from error
    if not words or not words[0]:
        raise _impossible(f"the command of `{config.name}` is empty", "give a command line or a URL")
    return words


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
