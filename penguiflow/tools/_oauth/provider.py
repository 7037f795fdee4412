"""Who signs people in, and under which name this program is known there."""

from __future__ import annotations

from dataclasses import dataclass, field

from penguiflow.tools._oauth.urls import resource_of


@dataclass
class OAuthProviderConfig:
    """One authorization server as its operator describes it.

    `issuer` is compared with the `iss` of each answer (RFC 9207) when it is set. `resource` is the server
    the tokens are for (RFC 8707); empty means the URL of the connection that uses the provider. An empty
    `client_secret` makes this a public client, an empty `redirect_uri` means the one of the manager's
    `LoopbackRedirect`.
    """

    name: str
    display_name: str
    auth_url: str
    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    scopes: list[str] = field(default_factory=list[str])
    issuer: str = ""
    resource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """This program as an authorization server knows it, which may be different for each sign-in."""

    client_id: str
    client_secret: str = field(default="", repr=False)
    uses_basic_auth: bool = False
    redirect_uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An authorization server with all that a sign-in and a refresh need to know of it.

    `client` is None until this program has been registered. `origin` is a URL that a person wrote: the
    network guard trusts it as written. `binding` names the server its credentials belong to.
    """

    name: str
    display_name: str
    auth_url: str
    token_url: str
    issuer: str = ""
    sends_issuer: bool = False
    resource: str = ""
    scopes: tuple[str, ...] = ()
    client: Client | None
    registration_url: str = ""
    auth_methods: tuple[str, ...] = ()
    origin: str
    is_discovered: bool = False

    @property
    def binding(self) -> str:
        return self.issuer or self.token_url

    @property
    def bound_resource(self) -> str:
        """The server that stored tokens are kept for; those of a provider of the operator say none.

        It is the one a person named, whatever that server calls itself.
        """
        return resource_of(self.origin) if self.is_discovered else ""


def provider_of_config(config: OAuthProviderConfig) -> Provider:
    """Return the operator's description as the manager uses it."""
    return Provider(
        name=config.name,
        display_name=config.display_name,
        auth_url=config.auth_url,
        token_url=config.token_url,
        issuer=config.issuer,
        resource=config.resource,
        scopes=tuple(config.scopes),
        client=Client(
            client_id=config.client_id,
            client_secret=config.client_secret,
            redirect_uri=config.redirect_uri,
        ),
        origin=config.token_url,
    )
