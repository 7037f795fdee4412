"""Makes this program known to an authorization server (RFC 7591)."""

from __future__ import annotations

from mcp.shared.auth import OAuthClientInformationFull
from pydantic import JsonValue, ValidationError

from penguiflow.redaction import remember_secret
from penguiflow.tools._net import NetPolicy
from penguiflow.tools._oauth.errors import SignInError, shown
from penguiflow.tools._oauth.exchange import Answer, Request, Send
from penguiflow.tools._oauth.grants import Registration
from penguiflow.tools._oauth.provider import Provider
from penguiflow.tools.errors import ToolConnectionError

_CLIENT_NAME = "PenguiFlow"
_METHODS = ("none", "client_secret_post", "client_secret_basic")


async def register(provider: Provider, redirect_uri: str, *, policy: NetPolicy, send: Send) -> Registration:
    """Register this program for one redirect URI.

    Raises:
        SignInError: the server does not take registrations, or refused this one.
        ToolConnectionError: it is not reached, or fails.
    """
    if not provider.registration_url:
        raise SignInError(
            f"the authorization server of `{provider.name}` takes no registrations",
            hint="register the program there by hand and describe it in an `OAuthProviderConfig`",
        )
    wanted = _metadata(provider, redirect_uri)
    answer = await send(Request(method="POST", url=provider.registration_url, json=wanted), policy)
    return read_registration(answer, provider=provider, redirect_uri=redirect_uri)


def _metadata(provider: Provider, redirect_uri: str) -> dict[str, JsonValue]:
    # RFC 8414: a server that does not say supports `client_secret_basic`.
    offered = provider.auth_methods or ("client_secret_basic",)
    method = next((method for method in _METHODS if method in offered), None)
    if method is None:
        raise SignInError(
            f"the authorization server of `{provider.name}` wants clients to prove themselves in a way "
            f"that is not supported: {shown(', '.join(offered))}"
        )
    scope: dict[str, JsonValue] = {"scope": " ".join(provider.scopes)} if provider.scopes else {}
    return {
        "client_name": _CLIENT_NAME,
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "application_type": "native",
        **scope,
    }


def read_registration(answer: Answer, *, provider: Provider, redirect_uri: str) -> Registration:
    """Return what the server says it registered.

    Raises:
        SignInError: it refused, or registered something that cannot be used.
        ToolConnectionError: it failed.
    """
    if answer.status >= 500 or answer.status == 429:
        raise ToolConnectionError(
            f"the authorization server of `{provider.name}` answered with HTTP status {answer.status}",
            hint="try again later",
        )
    if answer.status not in (200, 201):
        raise SignInError(
            f"the authorization server of `{provider.name}` refused to register this program "
            f"(HTTP status {answer.status}): {shown(answer.body[:1000].decode(errors='replace'))}"
        )
    try:
        client = OAuthClientInformationFull.model_validate_json(answer.body)
    except ValidationError:
        # Without the cause: it would hold the answer, which may have a secret in it.
        raise SignInError(
            f"the authorization server of `{provider.name}` answered the registration with something else"
        ) from None
    if client.client_secret:
        remember_secret(client.client_secret)
    method = client.token_endpoint_auth_method or ("client_secret_basic" if client.client_secret else "none")
    registered = [str(uri) for uri in client.redirect_uris or ()]
    if method not in _METHODS or (registered and redirect_uri not in registered):
        raise SignInError(
            f"the authorization server of `{provider.name}` registered this program in a way it cannot use"
        )
    return Registration(
        issuer=provider.issuer,
        client_id=client.client_id,
        client_secret=client.client_secret or "",
        uses_basic_auth=method == "client_secret_basic",
        redirect_uri=redirect_uri,
        expires_at=client.client_secret_expires_at or None,
    )
