"""Under which name this program signs people in: the operator's, a registered one, or a new one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from penguiflow._clock import WallClock
from penguiflow.tools._net import NetPolicy
from penguiflow.tools._oauth.book import GrantBook
from penguiflow.tools._oauth.exchange import Send
from penguiflow.tools._oauth.grants import Registration
from penguiflow.tools._oauth.loading import load_registrar
from penguiflow.tools._oauth.provider import Client, Provider
from penguiflow.tools._oauth.stores import EntryLocks


class Clients:
    """Finds or makes the registration for a provider and a redirect URI, once for everybody who waits."""

    def __init__(
        self,
        book: GrantBook,
        *,
        policy_of: Callable[[Provider], NetPolicy],
        send: Send,
        clock: WallClock,
    ) -> None:
        self._book = book
        self._policy_of = policy_of
        self._send = send
        self._clock = clock
        self._locks = EntryLocks()

    async def client_of(self, provider: Provider, redirect_uri: str) -> Client:
        """Return this program as the provider knows it.

        Raises:
            SignInError: the provider takes no registrations, or refused this one.
            ToolConnectionError: it is not reached.
        """
        if provider.client is not None:
            return replace(provider.client, redirect_uri=redirect_uri)
        async with self._locks.exclusive(provider.issuer):
            known = await self._book.registration(provider.issuer, redirect_uri, now=self._clock())
            if known is None:
                known = await self._register(provider, redirect_uri)
        return Client(
            client_id=known.client_id,
            client_secret=known.client_secret,
            uses_basic_auth=known.uses_basic_auth,
            redirect_uri=redirect_uri,
        )

    async def _register(self, provider: Provider, redirect_uri: str) -> Registration:
        registrar = await load_registrar()
        registration = await registrar.register(
            provider, redirect_uri, policy=self._policy_of(provider), send=self._send
        )
        await self._book.save_registration(registration)
        return registration
