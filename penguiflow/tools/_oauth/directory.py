"""The providers a manager knows: those of the operator, and those that servers named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from penguiflow._clock import MonotonicClock
from penguiflow.tools._net import NetPolicy
from penguiflow.tools._oauth.errors import SignInError, without_query
from penguiflow.tools._oauth.exchange import Send
from penguiflow.tools._oauth.loading import load_discovery
from penguiflow.tools._oauth.provider import OAuthProviderConfig, Provider, provider_of_config
from penguiflow.tools._oauth.stores import EntryLocks
from penguiflow.tools._oauth.urls import policy_for, resource_of

_LOOK_AGAIN_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    provider: Provider
    server_url: str
    at: float


class ProviderDirectory:
    """Finds providers by name; one look at a server lasts, except for somebody who is about to sign in."""

    def __init__(
        self,
        configs: Mapping[str, OAuthProviderConfig],
        *,
        allowed_hosts: Iterable[str],
        send: Send,
        clock: MonotonicClock,
    ) -> None:
        # A token is kept under the name that a connection asks by.
        self._given = {
            name: replace(provider_of_config(config), name=name) for name, config in configs.items()
        }
        self._looks: dict[str, _Look] = {}
        self._servers: dict[str, str] = {}
        self._allowed_hosts = tuple(allowed_hosts)
        self._send = send
        self._clock = clock
        self._locks = EntryLocks()

    def get(self, name: str) -> Provider | None:
        """Return a provider that is known by now."""
        if name in self._given:
            return self._given[name]
        look = self._looks.get(name)
        return None if look is None else look.provider

    def policy_of(self, provider: Provider) -> NetPolicy:
        """Return where requests about a provider may lead."""
        return policy_for(provider.origin, self._allowed_hosts)

    async def discover(self, name: str, server_url: str) -> None:
        """Know the provider of a server; nothing is asked when it is known.

        A name stays with one server: otherwise a call could be given the token of another one.

        Raises:
            SignInError: as `discover_provider`, or the name belongs to another server.
            ToolConnectionError: as `discover_provider`.
        """
        resource = resource_of(server_url)
        if self._servers.setdefault(name, resource) != resource:
            raise SignInError(
                f"`{name}` is the server `{without_query(self._servers[name])}` already, "
                f"and cannot be `{without_query(server_url)}` too",
                hint="give the other connection another name, or another `OAuthManager`",
            )
        if name in self._given:
            if not self._given[name].resource:
                self._given[name] = replace(self._given[name], resource=resource)
            return
        async with self._locks.exclusive(name):
            if name not in self._looks:
                await self._look(name, server_url)

    async def look_again(self, name: str) -> Provider | None:
        """Return a provider after asking its server once more, unless that was just done."""
        async with self._locks.exclusive(name):
            look = self._looks.get(name)
            if name not in self._given and look is not None and self._clock() - look.at > _LOOK_AGAIN_S:
                await self._look(name, look.server_url)
        return self.get(name)

    async def _look(self, name: str, server_url: str) -> None:
        discovery = await load_discovery()
        policy = policy_for(server_url, self._allowed_hosts)
        try:
            provider = await discovery.discover_provider(name, server_url, policy=policy, send=self._send)
        except SignInError:
            # What the server said before is not used when it now says something unsafe.
            self._looks.pop(name, None)
            raise
        self._looks[name] = _Look(provider=provider, server_url=server_url, at=self._clock())
