"""How people sign in to an MCP server, as the server says it.

Protected resource metadata (RFC 9728) names the authorization server, whose own metadata (RFC 8414 or OpenID
Connect) names its endpoints. Both come from outside, so each URL is checked before it is used: where it
leads (network guard), that it is encrypted, and that the server named is the one that answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx2
from mcp.client.auth.utils import (
    build_oauth_authorization_server_metadata_discovery_urls,
    build_protected_resource_metadata_discovery_urls,
    extract_resource_metadata_from_www_auth,
    extract_scope_from_www_auth,
    get_client_metadata_scopes,
)
from mcp.shared.auth import OAuthMetadata, ProtectedResourceMetadata
from mcp.shared.auth_utils import check_resource_allowed
from mcp_types import LATEST_PROTOCOL_VERSION
from pydantic import BaseModel, JsonValue, ValidationError

from penguiflow.tools._net import NetPolicy, resolve_checked
from penguiflow.tools._oauth.errors import SignInError, shown, without_query
from penguiflow.tools._oauth.exchange import Request, Send
from penguiflow.tools._oauth.provider import Provider
from penguiflow.tools._oauth.urls import checked_url, resource_of
from penguiflow.tools.errors import ToolConnectionError, ToolNodeError

_GRANT_TYPES = ["authorization_code", "refresh_token"]
_PING: JsonValue = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
_METADATA_HEADERS = {"MCP-Protocol-Version": LATEST_PROTOCOL_VERSION}


class _Written(BaseModel):
    """The URLs as they are written: what a parser would make of them is neither compared nor checked."""

    issuer: str = ""
    authorization_endpoint: str = ""
    token_endpoint: str = ""
    registration_endpoint: str | None = None
    authorization_servers: list[str] = []


@dataclass(frozen=True, slots=True, kw_only=True)
class _Challenge:
    """What a server says when it is called without a token."""

    metadata_url: str | None
    scope: str | None


async def discover_provider(name: str, server_url: str, *, policy: NetPolicy, send: Send) -> Provider:
    """Return how people sign in to the server, which is known under `name` here.

    Raises:
        SignInError: it does not say, or says something that must not be followed.
        ToolConnectionError: a server is not reached, or fails.
    """
    checked_url(server_url.partition("#")[0], policy, what="URL of the server")
    challenge = await _challenge_of(server_url, policy, send)
    resource, issuer = await _resource_metadata(challenge, server_url, policy, send)
    metadata, written = await _issuer_metadata(issuer, server_url, policy, send)
    _check_issuer(metadata, written.issuer, issuer or _origin_text(server_url))
    await _check_endpoints(written, policy)
    scope = get_client_metadata_scopes(challenge.scope, resource, metadata, _GRANT_TYPES)
    return Provider(
        name=name,
        display_name=name,
        auth_url=written.authorization_endpoint,
        token_url=written.token_endpoint,
        issuer=written.issuer,
        sends_issuer=bool(metadata.authorization_response_iss_parameter_supported),
        resource=str(resource.resource) if resource else resource_of(server_url),
        scopes=tuple((scope or "").split()),
        client=None,
        registration_url=written.registration_endpoint or "",
        auth_methods=tuple(metadata.token_endpoint_auth_methods_supported or ()),
        origin=server_url,
        is_discovered=True,
    )


async def _challenge_of(server_url: str, policy: NetPolicy, send: Send) -> _Challenge:
    headers = {"Accept": "application/json, text/event-stream"}
    request = Request(method="POST", url=server_url, headers=headers, json=_PING, only_headers=True)
    answer = await send(request, policy)
    response = httpx2.Response(answer.status, headers=dict(answer.headers))
    return _Challenge(
        metadata_url=extract_resource_metadata_from_www_auth(response),
        scope=extract_scope_from_www_auth(response) if answer.status in (401, 403) else None,
    )


async def _resource_metadata(
    challenge: _Challenge, server_url: str, policy: NetPolicy, send: Send
) -> tuple[ProtectedResourceMetadata | None, str | None]:
    """Return what the server says of itself, and the issuer it trusts; Nones from an older server."""
    for url in build_protected_resource_metadata_discovery_urls(challenge.metadata_url, server_url):
        body = await _read_metadata(url, policy, send)
        if body is None:
            continue
        try:
            metadata = ProtectedResourceMetadata.model_validate_json(body)
            issuers = _Written.model_validate_json(body).authorization_servers
        except ValidationError:
            continue
        if not check_resource_allowed(resource_of(server_url), str(metadata.resource)):
            raise SignInError(
                f"`{without_query(server_url)}` asks for tokens of another server, "
                f"`{without_query(str(metadata.resource))}`; they are never sent to it",
                hint="do not use this server, or ask whoever runs it to correct its metadata",
            )
        return metadata, issuers[0]
    return None, None


async def _issuer_metadata(
    issuer: str | None, server_url: str, policy: NetPolicy, send: Send
) -> tuple[OAuthMetadata, _Written]:
    for url in build_oauth_authorization_server_metadata_discovery_urls(issuer, server_url):
        body = await _read_metadata(url, policy, send)
        if body is None:
            continue
        try:
            return OAuthMetadata.model_validate_json(body), _Written.model_validate_json(body)
        except ValidationError:
            continue
    raise SignInError(
        f"`{without_query(server_url)}` does not say how people sign in",
        hint="if it needs a fixed token, use `auth_type` `bearer`; "
        "otherwise describe its authorization server in an `OAuthProviderConfig`",
    )


async def _read_metadata(url: str, policy: NetPolicy, send: Send) -> bytes | None:
    checked_url(url, policy, what="metadata URL")
    answer = await send(Request(method="GET", url=url, headers=_METADATA_HEADERS), policy)
    if answer.status >= 500 or answer.status == 429:
        raise ToolConnectionError(
            f"`{without_query(url)}` answered with HTTP status {answer.status}", hint="try again later"
        )
    return answer.body if answer.status == 200 else None


def _check_issuer(metadata: OAuthMetadata, issuer: str, expected: str) -> None:
    """Refuse an authorization server that is not the one asked, or that a code could be stolen from."""
    if _without_root(issuer) != _without_root(expected):
        raise SignInError(
            f"the authorization server calls itself `{shown(issuer)}`, not `{shown(expected)}`",
            hint="do not sign in; ask whoever runs the server to correct its metadata",
        )
    if "S256" not in (metadata.code_challenge_methods_supported or ()):
        raise SignInError(
            f"the authorization server `{shown(issuer)}` does not say that it supports PKCE with S256",
            hint="without it a sign-in code could be stolen; ask whoever runs the server to support it",
        )
    if "code" not in metadata.response_types_supported:
        raise SignInError(f"the authorization server `{shown(issuer)}` gives no authorization codes")


async def _check_endpoints(written: _Written, policy: NetPolicy) -> None:
    await _check_page(checked_url(written.authorization_endpoint, policy, what="sign-in page"), policy)
    checked_url(written.token_endpoint, policy, what="token endpoint")
    if written.registration_endpoint is not None:
        checked_url(written.registration_endpoint, policy, what="registration endpoint")


async def _check_page(url: str, policy: NetPolicy) -> None:
    """The browser of a person is not to be sent into their own network either."""
    try:
        await resolve_checked(url, policy)
    except ToolConnectionError:
        raise
    except ToolNodeError as error:
        raise SignInError(f"the sign-in page is not opened: {error}", hint=error.hint) from error


def _without_root(issuer: str) -> str:
    """Return an issuer without the `/` that many servers add to one that is an origin; paths stay exact."""
    return issuer.removesuffix("/") if issuer.count("/") == 3 else issuer


def _origin_text(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
